import type { Eui64 } from "../../base/eui64.ts";
import type { DeviceKind } from "../../gbcs/catalogue/index.ts";
import type { PartyStore } from "../party-store.ts";

/** What the values of an ASN.1 Command depend on besides the fields. */
export interface Asn1Context {
  readonly parties: PartyStore;
  readonly originator: Eui64;
  readonly target: Eui64;
  readonly targetKind: DeviceKind | undefined;
  /** Originator Counter, which some payloads repeat. */
  readonly counter: bigint;
}
