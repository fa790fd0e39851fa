import type { EmulatedDevice } from "../device.ts";
import type { ExecutingMeter } from "./meter.ts";

/** Puts a meter into an emulated device: what reaches the device's tunnel is executed, and answered through it. */
export function attachMeter(device: EmulatedDevice, meter: ExecutingMeter): void {
  const send = (message: Uint8Array) => void device.send(message);
  meter.output = send;
  device.messageHandler = (message) => {
    const said: Uint8Array[] = [];
    meter.output = (octets) => said.push(octets);
    try {
      meter.receive(message);
    } finally {
      meter.output = send;
    }
    const [only, ...others] = said;
    if (others.length === 0) return only;
    // Several go in order, and none of them by another way than the rest.
    for (const octets of said) send(octets);
    return undefined;
  };
}
