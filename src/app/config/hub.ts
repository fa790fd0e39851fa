import * as v from "valibot";
import { TENANT_FORM } from "../../base/wan-topic.ts";
import { eui64, wholeNumber } from "../schema.ts";

/** Section [hub]. */
export const HubSchema = v.strictObject({
  tenant: v.optional(
    v.pipe(v.string("text is needed"), v.regex(TENANT_FORM, "1 to 64 letters, digits, _ or - are allowed")),
    "default",
  ),
  chf: eui64,
  /** The radio's own EUI-64 (GBCS: the GPF's identifier). Left out, it is read from the radio. */
  gpf: v.optional(eui64),
  dataDir: v.pipe(v.string("text is needed"), v.minLength(1, "the path of a folder is needed")),
  /** How often a copy of the store is made beside it; 0 never. */
  copyMinutes: v.optional(wholeNumber(0, 10_080), 360),
  /**
   * Goes on with the last good copy where the store is damaged, which is kept aside. What was stored since is lost:
   * messages, and the counters that tell a repeated Command from a new one. Without it the hub does not start then.
   */
  restoreOnCorrupt: v.optional(v.boolean("true or false is needed"), false),
  /** How long the network opens at start for the devices below; 0 keeps it shut. */
  joinSeconds: v.optional(wholeNumber(0, 3_600), 180),
  /** Lets an operator on this machine add and remove devices (`hanway pair`), without a head-end. */
  localPairing: v.optional(v.boolean("true or false is needed"), false),
});
