import type { Clock } from "../../../base/clock.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { ApsDataMeta } from "../aps/aps-handlers.ts";
import { sendWhole } from "../aps/fragments.ts";
import { Reassembly } from "../aps/reassembly.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { DeviceSendOutcome, OutgoingMessage } from "./device-node-types.ts";

export interface DeviceMessagesPorts {
  joined(): boolean;
  /** A whole message has come. */
  received(message: ApsMessage, kind: ApsDataMeta["kind"]): void;
  /** An answer is expected. */
  pollSoon(): void;
}

/** Whole messages out and in, whatever their length. */
export class DeviceMessages {
  readonly #aps: ApsLayer;
  readonly #reassembly: Reassembly;
  readonly #ports: DeviceMessagesPorts;

  constructor(aps: ApsLayer, clock: Clock, maximumLength: number, ports: DeviceMessagesPorts) {
    const { ackTimeoutMs, retries } = aps.settings;
    this.#aps = aps;
    this.#ports = ports;
    this.#reassembly = new Reassembly({
      aps,
      clock,
      settings: { maximumLength, timeoutMs: ackTimeoutMs * (retries + 2) },
      deliver: (message) => ports.received(message, "unicast"),
    });
  }

  /** Whether a message is coming in, block by block. */
  get receiving(): boolean {
    return this.#reassembly.underWay;
  }

  /** With APS acknowledgement; the outcome is told in the very step of the air in which it is known. */
  post(out: OutgoingMessage, done: (outcome: DeviceSendOutcome) => void): void {
    if (!this.#ports.joined()) {
      done("not-joined");
      return;
    }
    const message: ApsMessage = { ...out, apsAck: true, sequence: this.#aps.nextSequence() };
    const outcome = sendWhole(this.#aps, message, (ok) => done(ok ? "delivered" : "not-delivered"));
    if (outcome !== "ok") done(outcome);
    this.#ports.pollSoon();
  }

  broadcast(out: OutgoingMessage): void {
    this.#aps.send({ ...out, apsAck: false, sequence: this.#aps.nextSequence() }, () => {});
  }

  /** A message or a block from the APS layer. */
  incoming(message: ApsMessage, { kind }: ApsDataMeta): void {
    if (!this.#ports.joined()) return;
    if (message.fragment) this.#reassembly.block(message);
    else this.#ports.received(message, kind);
  }

  /** Whatever is under way is given up. */
  clear(): void {
    this.#aps.cancel();
    this.#reassembly.clear();
  }
}
