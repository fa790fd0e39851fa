import { KEY_ESTABLISHMENT_CLUSTER } from "../../cbke/commands.ts";
import { DEFAULT_RESPONSE } from "../../zcl/foundation.ts";
import type { ZclHeader } from "../../zcl/header.ts";
import type { JoinState } from "../join/state.ts";
import type { IncomingAps, OutgoingAps } from "../radio/port.ts";
import { acceptsBroadcast, needsLinkKey, PROFILE_SMART_ENERGY } from "./policy.ts";

/** Why a frame of a device on the list is not taken. */
export type Refusal = "in-clear" | "not-keyed";

/**
 * Judges a Smart Energy frame of a device on the list: it must carry the security that its cluster demands, and until
 * key establishment is finished nothing but Key Establishment is served (A2.13).
 */
export function judgeIncoming(
  frame: IncomingAps,
  { command, frameType }: ZclHeader,
  at: JoinState["at"],
): Refusal | undefined {
  const named = { ...frame, command: frameType === "cluster" ? command : undefined };
  if (at !== "in" && frame.cluster !== KEY_ESTABLISHMENT_CLUSTER) return "not-keyed";
  if (frame.broadcast) return acceptsBroadcast(named) ? undefined : "in-clear";
  return frame.security === "network" && needsLinkKey(named) ? "in-clear" : undefined;
}

/**
 * The last look before the radio: whether a unicast may leave. Not without the encryption that its cluster demands,
 * and to a device on its way in nothing but Key Establishment. A Default Response in clear says that a frame in
 * clear was refused.
 */
export function mayLeave(message: OutgoingAps, at: JoinState["at"] | undefined): boolean {
  if (message.profile !== PROFILE_SMART_ENERGY) return true;
  if (message.security === "network" && isDefaultResponse(message.payload)) return true;
  const onItsWayIn = at === "seen" || at === "associated" || at === "keying";
  if (onItsWayIn && message.cluster !== KEY_ESTABLISHMENT_CLUSTER) return false;
  return message.security === "link-key" || !needsLinkKey({ ...message, broadcast: false });
}

/** Frame type general, command 0x0B, with or without a manufacturer code in front of it (ZCL 2.4.1). */
function isDefaultResponse(payload: Uint8Array): boolean {
  const [control = 0xff] = payload;
  const command = payload[(control & 0x04) === 0 ? 2 : 4];
  return (control & 0x03) === 0 && command === DEFAULT_RESPONSE;
}
