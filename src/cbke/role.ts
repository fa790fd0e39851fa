import type { KeyEstablishmentMessage } from "./commands.ts";
import type { Smacs } from "./engine.ts";
import {
  type Exchange,
  giveUp,
  type Idle,
  isNoise,
  isRefusal,
  type KeyEstablishmentInput,
  type KeyEstablishmentSettings,
  OUT_OF_ORDER,
  OWN_FAILURE,
  refuse,
  type Step,
  terminate,
  terminatedBy,
  UNREADABLE,
} from "./exchange.ts";
import { TERMINATE_STATUS } from "./terminate-status.ts";

type Settings = KeyEstablishmentSettings;
export type Start = Extract<KeyEstablishmentInput, { type: "start" }>;
export type Received = Extract<KeyEstablishmentInput, { type: "received" }>;

/** A state that knows which exchange it is in. */
export type Active = Exchange & { readonly phase: string };

/** Key establishment as one of the two sides runs it, one exchange at a time. */
export type Machine<S extends Active> = (
  settings: Settings,
  state: S | Idle,
  input: KeyEstablishmentInput,
) => Step<S | Idle>;

/** What one side (ZSE C.3.1) does in its own way. Undefined where the input does not belong into the state. */
export interface Role<S extends Active> {
  /** Begins an exchange; only the initiator does. */
  start(settings: Settings, state: Idle, input: Start): Step<S | Idle> | undefined;
  /** A message of a device with which no exchange runs. */
  opening(settings: Settings, state: S | Idle, input: Received): Step<S | Idle> | undefined;
  /** The partner's next message. */
  message(
    settings: Settings,
    state: S,
    message: KeyEstablishmentMessage,
    now: number | undefined,
  ): Step<S | Idle> | undefined;
  /** The own ephemeral key is made. */
  ephemeral(settings: Settings, state: S, point: Uint8Array): Step<S | Idle> | undefined;
  /** Both proofs are computed. */
  smacs(settings: Settings, state: S, smacs: Smacs): Step<S | Idle> | undefined;
  /** The new key is in use. */
  installed(state: S): Step<S | Idle> | undefined;
}

/** The state machine of a side. */
export function machineOf<S extends Active>(role: Role<S>): Machine<S> {
  return (settings, state, input) => {
    const nothing: Step<S | Idle> = [state, []];
    if (input.type === "received") return received(role, settings, state, input);
    // The caller waits for the end of an exchange that runs.
    if (input.type === "start")
      return ("sessions" in state ? role.start(settings, state, input) : undefined) ?? nothing;
    if ("sessions" in state || input.session !== state.session) return nothing;
    switch (input.type) {
      case "timeout":
      case "undelivered":
        return giveUp(state, input.type, state.phase);
      case "failed":
        return refuse(settings, state, OWN_FAILURE);
      case "installed":
        return role.installed(state) ?? nothing;
      case "ephemeral":
        return role.ephemeral(settings, state, input.point) ?? nothing;
      case "smacs":
        if (state.phase !== "own confirmation") return nothing;
        if (isRefusal(input.smacs)) return refuse(settings, state, input.smacs);
        return role.smacs(settings, state, input.smacs) ?? nothing;
    }
  };
}

function received<S extends Active>(
  role: Role<S>,
  settings: Settings,
  state: S | Idle,
  input: Received,
): Step<S | Idle> {
  const { message, from, apsCounter, now } = input;
  if (isNoise(input, state)) return [state, []];
  if ("sessions" in state || state.partner.eui64 !== from.eui64) {
    if (message?.kind === "terminate") return [state, []];
    const step = role.opening(settings, state, input);
    return step ?? [state, [terminate(settings, from, TERMINATE_STATUS.badMessage)]];
  }
  // The proofs have matched: nothing the partner says now undoes the key.
  if (state.phase === "new key") return [state, []];
  const current: S = { ...state, lastApsCounter: apsCounter };
  if (message === undefined) return refuse(settings, current, UNREADABLE);
  if (message.kind === "terminate") return terminatedBy(current, message.status, message.waitSeconds);
  return role.message(settings, current, message, now) ?? refuse(settings, current, OUT_OF_ORDER);
}
