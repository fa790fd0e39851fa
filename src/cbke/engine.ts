import type { Eui64 } from "../base/eui64.ts";
import type { CheckedCertificate } from "./check-certificate.ts";
import type { SuiteBit } from "./suite.ts";
import type { Refusal } from "./terminate-status.ts";

/** Which side of the exchange this is: U starts, V answers. */
export type CbkeRole = "initiator" | "responder";

/** Both proofs; each side sends its own and expects the other. */
export interface Smacs {
  readonly macU: Uint8Array;
  readonly macV: Uint8Array;
}

/** One exchange's secrets. `finish` ends it and must be called exactly once. */
export interface CbkeSession {
  /** The own ephemeral point, compressed. */
  readonly ephemeral: Uint8Array;
  /** Computes both proofs, or says why the partner's certificate or point is refused. */
  calculateSmacs(
    role: CbkeRole,
    partner: { readonly certificate: CheckedCertificate; readonly ephemeral: Uint8Array },
  ): Promise<Smacs | Refusal>;
  /**
   * Ends the exchange. With `keep` the new link key is handed out; undefined means that it stays inside the
   * engine and is already in use. Without `keep` everything is forgotten.
   */
  finish(keep: boolean): Promise<Uint8Array | undefined>;
}

/**
 * The device's half of certificate-based key establishment: in software, or on a coordinator that has it on chip
 * (EZSP generateCbkeKeys, calculateSmacs, clearTemporaryDataMaybeStoreLinkKey).
 */
export interface CbkeEngine {
  readonly eui64: Eui64;
  /** Suites for which there is a certificate, as the attribute KeyEstablishmentSuite. */
  readonly suites: number;
  /** The own certificate of one of {@link suites}. */
  certificate(suite: SuiteBit): Uint8Array;
  /** Draws a fresh ephemeral key. */
  begin(suite: SuiteBit): Promise<CbkeSession>;
}
