import { concatBytes } from "../base/bytes.ts";
import { eui64ToBytes } from "../base/eui64.ts";
import type { UndeliveredCommand } from "../base/routing.ts";
import { encodeAsn1, GeneralizedTime } from "../gbcs/asn1/index.ts";
import { CODE } from "./logs.ts";

const MESSAGE_CODE = 0x00d5;

/** How alert 0x8F84 names a Command: originator, target, CRA flag and Originator Counter; 25 octets, as in DBCH10. */
export function undeliveredOctets({ originator, target, cra, counter }: UndeliveredCommand): Uint8Array {
  return concatBytes(eui64ToBytes(originator), eui64ToBytes(target), Uint8Array.of(cra), octetsOf(counter));
}

/** The whole content of the alert in DER; `now` is Unix milliseconds. */
export function undeliveredDer(
  { originator, target, cra, counter }: UndeliveredCommand,
  now: number,
): Uint8Array {
  return encodeAsn1(MESSAGE_CODE, "alert", {
    alertCode: CODE.deliveryFailed,
    time: GeneralizedTime(Math.floor(now / 1_000)),
    message: { originator, target, cra: Uint8Array.of(cra), originatorCounter: octetsOf(counter) },
  });
}

function octetsOf(counter: bigint): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, counter);
  return octets;
}
