import { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import { LOG_DEVICE_TYPE } from "../../han/device-log/entry.ts";

/** One Command to the hub's Device Log: CCS01 or CCS02. */
export interface Change {
  readonly do: "add" | "remove";
  readonly device: Slot;
}

/** A device that Commands add and remove; it never joins. */
export interface Slot {
  readonly eui64: Eui64;
  /** device_type of register_device. */
  readonly deviceType: number;
}

/** What the hub is to make of a Command. */
export interface Expected {
  /** Whether every item of the Response says success. */
  readonly success: boolean;
  /** The whole log after it, in order, where it changed; that is what CS14 tells. */
  readonly changedTo: readonly Eui64[] | undefined;
}

/** As many of each kind as a log takes, or fewer; all fit in together. */
const KINDS = ["esme", "esme", "esme", "gsme", "hcalcs", "hcalcs", "ppmid", "ppmid", "ihd", "cad"] as const;
/** One Command in so many has nothing to change. */
const IN_VAIN = 6;

export const SLOTS: readonly Slot[] = KINDS.map((kind, i) => ({
  eui64: Eui64(`02fa17e0000010${i.toString(16).padStart(2, "0")}`),
  deviceType: LOG_DEVICE_TYPE[kind],
}));

/** The CHF Device Log as it is once every Command was executed, and each of them once. */
export class DeviceLogModel {
  #log: readonly Eui64[] = [];

  get log(): readonly Eui64[] {
    return this.#log;
  }

  /** Draws the next Command: mostly one that changes something, and adds or removes by turns whom it meets. */
  draw(random: Random): Change {
    const device = SLOTS[random.below(SLOTS.length)] as Slot;
    const inVain = random.below(IN_VAIN) === 0;
    return { do: this.#log.includes(device.eui64) === inVain ? "add" : "remove", device };
  }

  /** Executes a Command. */
  apply({ do: what, device: { eui64 } }: Change): Expected {
    const present = this.#log.includes(eui64);
    // A device that is in the log stays as it is, and its adding is a success; what is not there cannot be removed.
    if ((what === "add") === present) return { success: present, changedTo: undefined };
    this.#log = present ? this.#log.filter((one) => one !== eui64) : [...this.#log, eui64];
    return { success: true, changedTo: this.#log };
  }
}
