import type { Eui64 } from "./eui64.ts";
import type { Downlink, ReceiptReason, UplinkMessage } from "./uplink.ts";

/** How handing a message to a device on the HAN ended. */
export type DeliveryOutcome =
  /** The device has acknowledged every block of it. */
  | "delivered"
  /** It waits in the mailbox of a sleeping meter, which reports its collection itself. */
  | "waiting"
  | "tunnel-lost"
  | "too-large"
  | "busy"
  | "mailbox-full"
  | "suspended";

/** The way to one device or to all devices of the HAN: a tunnel, or the mailbox of the gas meter. */
export interface Deliver {
  /** The octets are handed over as they are. Never rejects for an expected failure. */
  deliver(downlink: Downlink): Promise<DeliveryOutcome>;
}

/** How a Command addressed to the hub itself (CHF, GPF) ended, with what is left to do about it. */
export interface Execution {
  /** Set where it was not executed; the receipt then says `failed` with this reason. */
  readonly failed?: ReceiptReason;
  /**
   * Writes the anti-replay counter, the state and the log entry. Called inside the transaction that also stores the
   * answers and the receipt and takes the Command out of the inbox; synchronous, and repeatable after a rollback.
   */
  readonly writes?: () => void;
  /** Response and alerts, in order. */
  readonly answers: readonly UplinkMessage[];
  /** Effects that may only happen once all that is safe. */
  readonly after?: () => void;
}

/** A logical device inside the hub. Authenticates, checks replay and executes; writes nothing before `writes` is called. */
export interface Executor {
  execute(command: Downlink): Promise<Execution>;
}

/** Where a message goes by its target, as the router asks for every message afresh. */
export interface Destinations {
  /** The way to a device in the Device Log, or undefined where it is not in it. */
  han(device: Eui64): Deliver | undefined;
  /** The hub's own logical device with this Entity Identifier: a route, `absent` where it is not fitted, or undefined. */
  own(device: Eui64): Executor | "absent" | undefined;
}
