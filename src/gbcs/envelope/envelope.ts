import type { Eui64 } from "../../base/eui64.ts";

/** On whose behalf the Access Control Broker sends, where the device does not know that party (GBCS 7.2.7). */
export interface Supplementary {
  /** Supplementary Remote Party ID. */
  readonly remoteParty: Eui64;
  /** Supplementary Remote Party Counter; absent only in the 10-octet form. */
  readonly remotePartyCounter?: bigint;
  /** Supplementary Originator Counter: Responses only, for the encryption of the payload. */
  readonly originatorCounter?: bigint;
  /** DER of the party's Key Agreement certificate: Commands only, when the Response will be encrypted. */
  readonly certificate?: Uint8Array;
}

interface Common {
  /** Originator Counter, 64 bits; a Response repeats its Command's. */
  readonly counter: bigint;
  /** Business Originator ID. */
  readonly originator: Eui64;
  /** Business Target ID. */
  readonly target: Eui64;
  /** Date-Time of the Grouping Header, the 12 octets of a COSEM date-time; null where empty. */
  readonly dateTime: Uint8Array | null;
  readonly messageCode: number;
  readonly supplementary: Supplementary | null;
  /** The payload's octets, as they are: what they mean depends on the message code. */
  readonly content: Uint8Array;
}

/** A Command before the originator's signature and the Access Control Broker's MAC. It never reaches a device. */
export interface PreCommand extends Common {
  readonly kind: "PRECOMMAND";
  /** `bare` ends with the content; `duis` has the null signature `00` behind it, as in a DUIS request. */
  readonly form: "bare" | "duis";
}

/** A message on its way: r and s of 32 octets each or the null signature, 12 octets of MAC or no MAC header at all. */
export interface SecuredMessage extends Common {
  readonly kind: "COMMAND" | "RESPONSE" | "ALERT";
  readonly signature: Uint8Array | null;
  readonly mac: Uint8Array | null;
}

/**
 * A GBCS message as plain values. A Command with neither signature nor MAC is the `duis` form of a pre-command: both
 * are the same octets.
 */
export type Envelope = PreCommand | SecuredMessage;

export const CRA = { PRECOMMAND: 1, COMMAND: 1, RESPONSE: 2, ALERT: 3 } as const;
