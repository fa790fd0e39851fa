import * as v from "valibot";
import { portUrl, wholeNumber } from "../schema.ts";

/** Section [radio]. */
export const RadioSchema = v.strictObject({
  port: portUrl,
  baudRate: v.optional(wholeNumber(9_600, 1_000_000), 115_200),
  rtscts: v.optional(v.boolean("true or false is needed"), false),
  /** 2.4 GHz channel of a newly formed network. */
  channel: v.optional(wholeNumber(11, 26)),
  /** Without `channel`: measure the energy on all of them first (about 2 s, once) and take the quietest. */
  quietChannel: v.optional(v.boolean("true or false is needed"), true),
  keepAliveSeconds: v.optional(wholeNumber(1, 60), 3),
});
