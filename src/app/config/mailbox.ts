import * as v from "valibot";
import { wholeNumber } from "../schema.ts";

/** Messages that wait for the sleeping gas meter; life and depth also of HAN-only messages to a PPMID. */
export const MailboxSchema = v.optional(
  v.strictObject({
    /** How long one waits before it is dropped, event 0x819D logged and `expired` told to its sender. */
    lifeHours: v.optional(wholeNumber(1, 480), 24),
    /** How many wait for one device; the next is refused with `mailbox-full`. */
    depth: v.optional(wholeNumber(1, 255), 32),
    /** Refuse messages for a meter that has no mirror at the Gas Proxy Function to learn of them from. */
    needsMirror: v.optional(v.boolean("true or false is needed"), false),
    /**
     * Keep a message that was handed out until the meter has acknowledged all of it; where only the last acknowledgement
     * is lost it gets it a second time, which its replay protection knows. False: gone as it is handed out, whatever
     * the meter made of it, and only its sender sends it again.
     */
    untilAcknowledged: v.optional(v.boolean("true or false is needed"), true),
  }),
  {},
);
