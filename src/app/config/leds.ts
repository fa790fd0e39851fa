import * as v from "valibot";
import { path } from "../schema.ts";

/** Names of LEDs under `folder`; a lamp without one stays dark. */
const led = v.optional(
  v.pipe(v.string("text is needed"), v.regex(/^[^/]+$/, "the name of an LED, without a folder, is needed")),
);

/** Section [leds]. */
export const LedsSchema = v.strictObject({
  folder: v.optional(path, "/sys/class/leds"),
  SW: led,
  WAN: led,
  HAN: led,
  MESH: led,
  GAS: led,
});
