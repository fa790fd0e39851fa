import type { Keystore } from "../../../gbcs/keystore.ts";
import type { KeyAgreement } from "../../../gbcs/security/key-agreement.ts";
import type { HubState } from "./hub-state.ts";

/** One Command to a hub in a known state, and what must come back. */
export interface Step {
  readonly state: HubState;
  readonly command: Uint8Array;
  readonly response: Uint8Array;
}

/** A pair as it was recorded, and the same with one field of it altered and protected again. */
export interface Scenario {
  readonly recorded: Step;
  readonly changed: Step;
}

/** The published parties of a run. */
export interface Parties {
  readonly keystore: Keystore;
  readonly agreement: KeyAgreement;
}

/** How far the counter of a changed Command is ahead of the recorded one. */
export const AHEAD = 3n;
