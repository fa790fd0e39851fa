import { Eui64 } from "../../src/base/eui64.ts";
import { systemRandom } from "../../src/base/random.ts";
import { type Keystore, readKeystore } from "../../src/gbcs/keystore.ts";
import { createPki } from "../../src/headend/pki/issue.ts";
import { CHF } from "./hub.ts";

export const PARTY = {
  acb: Eui64("02fa17e000000104"),
  supplier: Eui64("02fa17e000000102"),
  wanProvider: Eui64("02fa17e000000106"),
  transitionalCoS: Eui64("02fa17e000000105"),
} as const;

/** A keystore with the CHF and every remote party of a fresh test PKI. */
export function testKeystore(): Keystore {
  const request = {
    devices: [{ type: "chf" as const, eui64: CHF }],
    parties: new Map(),
    notBefore: 1_400_000_000,
  };
  const { keys } = createPki(request, systemRandom);
  const records = keys.map(({ eui64, usage, prepayment, certificate, privateKey }) => ({
    eui64,
    usage,
    prepayment,
    certificate: Buffer.from(certificate).toString("base64"),
    privateScalar: Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url").toString("hex"),
  }));
  return readKeystore(JSON.stringify(records));
}
