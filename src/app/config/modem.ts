import * as v from "valibot";
import { path, portUrl, wholeNumber } from "../schema.ts";

/** A program and its arguments; no shell comes between. */
const command = v.optional(
  v.array(v.string("a list of texts is needed"), 'a list is needed, as in ["/usr/bin/pon", "hub"]'),
  [],
);

/** The cellular modem, where hanway is to look after it. Its IP interface stays the system's. */
export const ModemSchema = v.strictObject({
  port: portUrl,
  baudRate: v.optional(wholeNumber(9_600, 4_000_000), 115_200),
  rtscts: v.optional(v.boolean("true or false is needed"), false),
  /** The SIM's. A secret: what is put in here is never repeated in a sentence. */
  pin: v.optional(v.pipe(v.string("text is needed"), v.regex(/^\d{4,8}$/, "4 to 8 digits are needed"))),
  apn: v.optional(
    v.pipe(
      v.string("text is needed"),
      v.regex(/^[A-Za-z0-9.-]{1,100}$/, "letters, digits, dots and dashes are allowed"),
    ),
  ),
  /** Number of the PDP context that carries the WAN. */
  context: v.optional(wholeNumber(1, 16), 1),
  /** Bring the context up by AT command; false where the system's dialler does that. */
  dial: v.optional(v.boolean("true or false is needed"), false),
  /** What the modem's clock holds once the network has set it. */
  networkTime: v.optional(v.picklist(["local", "utc", "off"], "allowed are local, utc, off"), "local"),
  /**
   * Commands of the system, run when there is a network to dial and when it is gone. A dialler needs a port of its own:
   * `port` stays with hanway.
   */
  bearer: v.optional(
    v.strictObject({ up: command, down: command, seconds: v.optional(wholeNumber(1, 600), 60) }),
    {},
  ),
  /** A file that resets the modem: a GPIO line's value, or `authorized` or `disable` of its USB port. */
  reset: v.optional(
    v.strictObject({
      file: path,
      assert: v.optional(v.string("text is needed"), "1"),
      release: v.optional(v.string("text is needed"), "0"),
      holdMs: v.optional(wholeNumber(1, 60_000), 1_000),
    }),
  ),
});
