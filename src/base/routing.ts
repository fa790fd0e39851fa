import type { Eui64 } from "./eui64.ts";
import type { Downlink, ReceiptReason, UplinkMessage } from "./uplink.ts";
import type { MessageId } from "./wan-topic.ts";

/** How handing a message to a device on the HAN ended. */
export type DeliveryOutcome =
  /** The device has acknowledged every block of it. */
  | "delivered"
  /** It is stored in the mailbox of a sleeping meter, which reports what becomes of it. */
  | "waiting"
  | "tunnel-lost"
  | "too-large"
  | "busy"
  | "mailbox-full"
  | "suspended";

/** The way to one device of the HAN: a tunnel, or the mailbox of the gas meter. */
export interface Deliver {
  /**
   * Hands the octets over as they are. `id` names the sender's message; there is none for what another device of the HAN
   * sent. Expected failures are outcomes, not rejections.
   */
  deliver(device: Eui64, payload: Uint8Array, id: MessageId | undefined): Promise<DeliveryOutcome>;
}

/** How a Command addressed to the hub itself (CHF, GPF) ended, with what is left to do about it. */
export interface Execution {
  /** Set where it was not executed; the receipt then says `failed` with this reason. */
  readonly failed?: ReceiptReason;
  /**
   * Writes the anti-replay counter, the state and the log entry. Called inside the transaction that also stores the
   * answers and the receipt and takes the Command out of the inbox. Synchronous.
   */
  readonly writes?: () => void;
  /** Response and alerts, in order. */
  readonly answers: readonly UplinkMessage[];
  /** Effects that may only happen once all that is safe. */
  readonly after?: () => void;
}

/** A logical device inside the hub. Authenticates, checks replay and executes, but writes only in `writes`. */
export interface Executor {
  execute(command: Downlink): Promise<Execution>;
}

/** Where messages go by their target, asked afresh for every one. */
export interface Destinations {
  /** The way to a device in the Device Log; undefined where it is not in it. */
  han(device: Eui64): Deliver | undefined;
  /** The hub's logical device with this Entity Identifier: `absent` where it is the hub's but nothing executes for it. */
  own(device: Eui64): Executor | "absent" | undefined;
}

/** The header of a Command that did not reach its device (alert 0x8F84 names it by these). */
export interface UndeliveredCommand {
  /** A whole message, or a block of a large one. */
  readonly form: "message" | "block";
  readonly cra: 1 | 2 | 3;
  readonly counter: bigint;
  readonly originator: Eui64;
  readonly target: Eui64;
}
