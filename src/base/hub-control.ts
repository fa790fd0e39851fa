import type { DeviceType } from "./device-type.ts";
import type { Eui64 } from "./eui64.ts";

/** A device as an operator sees it; never its keys. */
export interface ControlDevice {
  readonly eui64: Eui64;
  /** Undefined until a restored device has said what it is. */
  readonly type: DeviceType | undefined;
  readonly joined: boolean;
  /** How far it is on its way in: out, seen, associated, keying, in. */
  readonly join: string;
  readonly tunnel: "open" | "closed";
  readonly lqi: number | undefined;
  readonly rssi: number | undefined;
  /** Unix milliseconds of the last frame from it. */
  readonly lastHeard: number | undefined;
}

export interface PairRequest {
  readonly eui64: Eui64;
  readonly type: DeviceType;
  /** Code with its CRC, hex as on the label. */
  readonly installCode: string;
  readonly seconds: number;
}

/** `off`: local pairing is not allowed by the settings. */
export type PairAnswer = "window-open" | "off" | "log-full" | "already-in";
export type UnpairAnswer = "removed" | "unknown" | "off";

/** What happens to one device on its way in. */
export type JoinNews =
  | { readonly device: Eui64; readonly news: "step"; readonly step: string }
  | { readonly device: Eui64; readonly news: "joined" }
  | {
      readonly device: Eui64;
      readonly news: "failed";
      readonly step: string;
      readonly cause: string;
      readonly next: string;
      /** False while the device may still make it. */
      readonly final: boolean;
    };

/** The hub as its operator may touch it: through the local socket or the console, never over the WAN. */
export interface HubControl {
  readonly localPairing: boolean;
  devices(): readonly ControlDevice[];
  /** Puts the device into the Device Log and opens the network for it. Throws `radio/*` and `store/*`. */
  pair(request: PairRequest): Promise<PairAnswer>;
  /** Takes the device off the Device Log and tells it to leave. Throws `radio/*` and `store/*`. */
  unpair(eui64: Eui64): Promise<UnpairAnswer>;
  watch(listener: (news: JoinNews) => void): () => void;
}
