import type { Keystore } from "../keystore.ts";
import { SoftwareKeyAgreement } from "./key-agreement.ts";

/**
 * Key agreement over a keystore: for recorded messages, where the private key of the remote party is published and that
 * of the device is not, and for a head-end that speaks for many parties.
 */
export function keystoreAgreement(keystore: Keystore, cacheLimit?: number): SoftwareKeyAgreement {
  return new SoftwareKeyAgreement(
    (party) => keystore.privateKey(party, "KA"),
    (party) => keystore.publicKey(party, "KA"),
    cacheLimit,
  );
}
