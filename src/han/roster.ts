import type { Eui64 } from "../base/eui64.ts";
import type { HanDevice } from "./device.ts";

/** The devices that may speak, by EUI-64 and by where they are now. Short addresses change with every join. */
export class Roster {
  readonly #devices = new Map<Eui64, HanDevice>();
  readonly #byNode = new Map<number, HanDevice>();

  add(device: HanDevice): void {
    this.#devices.set(device.spec.eui64, device);
  }

  remove(device: HanDevice): void {
    this.lose(device);
    this.#devices.delete(device.spec.eui64);
  }

  named(eui64: Eui64): HanDevice | undefined {
    return this.#devices.get(eui64);
  }

  at(nodeId: number): HanDevice | undefined {
    return this.#byNode.get(nodeId);
  }

  all(): HanDevice[] {
    return [...this.#devices.values()];
  }

  /** The device is at this address now, and whoever was there before is not. */
  locate(device: HanDevice, nodeId: number): void {
    const other = this.#byNode.get(nodeId);
    if (other !== undefined && other !== device) this.lose(other);
    if (device.nodeId !== nodeId) this.lose(device);
    device.nodeId = nodeId;
    device.lastNodeId = nodeId;
    this.#byNode.set(nodeId, device);
  }

  lose(device: HanDevice): void {
    if (device.nodeId !== undefined) this.#byNode.delete(device.nodeId);
    device.nodeId = undefined;
  }
}
