import type { DeviceNode, DeviceSendOutcome, OutgoingMessage } from "../stack/device-node.ts";
import type { DeviceFaults } from "./faults.ts";

/** The one way by which a device's clusters send; a mute device only seems to. */
export class ZclSender {
  readonly #node: DeviceNode;
  readonly #faults: DeviceFaults;
  #sequence = 0;

  constructor(node: DeviceNode, faults: DeviceFaults) {
    this.#node = node;
    this.#faults = faults;
  }

  /** ZCL transaction sequence number. */
  nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  post(out: OutgoingMessage, done: (outcome: DeviceSendOutcome) => void = () => {}): void {
    if (this.#faults.mute) done("delivered");
    else this.#node.post(out, done);
  }
}
