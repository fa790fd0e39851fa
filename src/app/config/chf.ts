import * as v from "valibot";
import { filePath, octets, wholeNumber } from "../schema.ts";

/** The Communications Hub Function: its keys, whom it trusts, and who it says it is. */
export const ChfSchema = v.optional(
  v.strictObject({
    /**
     * Keystore with the CHF's private keys and the certificates of the remote parties (`hanway pki` makes one for
     * a desk). Without it the hub relays, and executes no Command addressed to itself.
     */
    keystore: v.optional(v.pipe(v.string("text is needed"), v.minLength(1, "a path is needed"))),
    /**
     * Certificate of the organisations' root (PEM or DER), at which new certificates for remote parties have to end.
     * Left out, `organisation-root.pem` beside the keystore; without that either, CS02b replaces nothing.
     */
    root: v.optional(filePath),
    /** Model type, 8 octets in hex. */
    modelType: v.optional(octets(8)),
    /** CH manufacturer identifier, 4 octets in hex. */
    manufacturer: v.optional(octets(4)),
    /** Version of the running firmware as an OTA header gives it, 4 octets in hex. */
    firmwareVersion: v.optional(octets(4)),
    /** Entries of one kind that devices of the HAN may cause in the event log in an hour: each one, and all together. */
    hanEvents: v.optional(
      v.strictObject({
        perDevice: v.optional(wholeNumber(0, 100), 4),
        perHour: v.optional(wholeNumber(0, 100), 20),
      }),
      {},
    ),
    /** Alert 0x8F84, a Command that an ESME did not get. No message of this kind has been published. */
    undelivered: v.optional(
      v.strictObject({
        form: v.optional(v.picklist(["dlms", "der"], "allowed are dlms, der"), "dlms"),
        protection: v.optional(v.picklist(["mac", "signature"], "allowed are mac, signature"), "mac"),
        perHour: v.optional(wholeNumber(0, 10_000), 100),
      }),
      {},
    ),
  }),
  {},
);
