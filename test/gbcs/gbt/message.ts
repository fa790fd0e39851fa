import { fromHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { encodeEnvelope } from "../../../src/gbcs/envelope/encode.ts";

/** A Response whose content has `length` octets that tell where they stand. */
export function largeMessage(length: number): Uint8Array {
  return encodeEnvelope({
    kind: "RESPONSE",
    counter: 0x1_0000_0007n,
    originator: Eui64("00dbaaaaaaaaaaa0"),
    target: Eui64("90b3d51f3001ffff"),
    dateTime: null,
    messageCode: 0x0033,
    supplementary: null,
    content: Uint8Array.from({ length }, (_, i) => (i * 31 + (i >>> 8)) & 0xff),
    signature: null,
    mac: fromHex("000102030405060708090a0b"),
  });
}
