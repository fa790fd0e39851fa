import type { ApsMessage } from "../coordinator.ts";
import type { ApsLayer } from "./aps.ts";
import { maximumApsPayload } from "./aps-frame.ts";

/** A block's number is one octet, and the first block carries the count. */
const MAXIMUM_BLOCKS = 255;

/**
 * Sends a message of any length, in blocks where it must be (Zigbee 2.2.8.4.5). A window of blocks goes out at
 * once; the next follows when all of them are acknowledged. `done` tells whether every block was.
 */
export function sendWhole(
  aps: ApsLayer,
  message: ApsMessage,
  done: (delivered: boolean) => void,
): "ok" | "no-link-key" | "message-too-long" {
  if (message.payload.length <= maximumApsPayload(message.apsSecurity, false)) return aps.send(message, done);
  const size = maximumApsPayload(message.apsSecurity, true);
  const total = Math.ceil(message.payload.length / size);
  if (total > MAXIMUM_BLOCKS) return "message-too-long";

  const sendBlock = (index: number, blockDone: (delivered: boolean) => void) =>
    aps.send(
      {
        ...message,
        apsAck: true,
        fragment: { index, total },
        payload: message.payload.subarray(index * size, (index + 1) * size),
      },
      blockDone,
    );

  const sendWindow = (from: number): "ok" | "no-link-key" | "message-too-long" => {
    const to = Math.min(from + aps.settings.fragmentWindow, total);
    let waiting = to - from;
    let failed = false;
    let outcome: "ok" | "no-link-key" | "message-too-long" = "ok";
    for (let index = from; index < to && outcome === "ok"; index++) {
      outcome = sendBlock(index, (delivered) => {
        if (failed) return;
        if (!delivered) failed = true;
        else if (--waiting > 0) return;
        if (failed) done(false);
        else if (to === total) done(true);
        else if (sendWindow(to) !== "ok") done(false);
      });
    }
    return outcome;
  };
  return sendWindow(0);
}
