import { concatBytes, equalBytes, fromHex } from "../../../base/bytes.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { type Data, dateTimeToUnix, decodeDateTime, parseObis } from "../../../gbcs/dlms/index.ts";
import type { CosemObjects } from "../../cosem/objects.ts";
import { type CosemName, cosemName } from "../../cosem/table.ts";

/** The Command that wrote a time of activation. */
export interface ActivatingCommand {
  readonly messageCode: number;
  readonly counter: bigint;
  readonly originator: Eui64;
}

/** By class: the attribute with the time of activation, and which passive attribute becomes which active one. */
const CLASSES: Readonly<
  Record<number, { readonly time: number; readonly pairs: readonly (readonly [number, number])[] }>
> = {
  20: {
    time: 10,
    pairs: [
      [7, 3],
      [8, 4],
      [9, 5],
    ],
  },
  111: { time: 13, pairs: [] },
  113: { time: 7, pairs: [[6, 5]] },
  9000: { time: 6, pairs: [[4, 2]] },
};

/** Written as a time: at once, or the pending activation is cancelled (GBCS 9.2.2). */
const AT_ONCE = fromHex("000000000000000000");
const CANCEL = fromHex("ffffffffffffffffff");
const STAMP_OCTETS = 9;
/** Node's timers end at 2^31 - 1 ms. */
const LONGEST_TIMER_MS = 86_400_000;

/** Passive values that become active, at once or at a later time. */
export class Activations {
  readonly #objects: CosemObjects;
  readonly #clock: Clock;
  readonly #done: (command: ActivatingCommand, what: Uint8Array) => void;
  readonly #activated: (name: CosemName) => void;
  readonly #timers = new Map<CosemName, Timer>();
  /** Whose items are just being executed. */
  command: ActivatingCommand | undefined;

  /**
   * `activated` is told of every activation by the name of its time; `done` of those that were future-dated, with the
   * 19 octets by which their alert names them.
   */
  constructor(
    objects: CosemObjects,
    clock: Clock,
    told: {
      activated: (name: CosemName) => void;
      done: (command: ActivatingCommand, what: Uint8Array) => void;
    },
  ) {
    this.#objects = objects;
    this.#clock = clock;
    this.#activated = told.activated;
    this.#done = told.done;
    for (const name of objects.names()) {
      const [classId, obis, index] = parts(name);
      if (CLASSES[classId]?.time !== index) continue;
      objects.onWrite(name, (value) => this.#written(name, classId, obis, value));
    }
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #written(name: CosemName, classId: number, obis: string, value: Data): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
    if (value.type !== "octet-string" || value.value.length < STAMP_OCTETS) return;
    const stamp = value.value.subarray(0, STAMP_OCTETS);
    if (equalBytes(stamp, CANCEL)) return;
    if (equalBytes(stamp, AT_ONCE)) {
      this.#activate(name, classId, obis);
      return;
    }
    const at = dateTimeToUnix(decodeDateTime(value.value));
    if (at !== undefined && this.command !== undefined) this.#wait(name, classId, obis, at, this.command);
  }

  #wait(name: CosemName, classId: number, obis: string, at: number, command: ActivatingCommand): void {
    const left = at - this.#clock.now();
    const run = () => {
      if (left > LONGEST_TIMER_MS) {
        this.#wait(name, classId, obis, at, command);
        return;
      }
      this.#timers.delete(name);
      this.#activate(name, classId, obis);
      this.#done(command, describe(command, name));
    };
    this.#timers.set(name, this.#clock.after(Math.min(Math.max(0, left), LONGEST_TIMER_MS), run));
  }

  #activate(name: CosemName, classId: number, obis: string): void {
    for (const [passive, active] of CLASSES[classId]?.pairs ?? []) {
      const value = this.#objects.value(cosemName(classId, obis, passive));
      if (value !== undefined) this.#objects.put(cosemName(classId, obis, active), value);
    }
    this.#activated(name);
  }
}

/** Message code, counter, class, logical name and attribute: 19 octets. */
function describe({ messageCode, counter }: ActivatingCommand, name: CosemName): Uint8Array {
  const [classId, obis, index] = parts(name);
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint16(0, messageCode);
  view.setBigUint64(2, counter);
  view.setUint16(10, classId);
  return concatBytes(head, parseObis(obis), Uint8Array.of(index));
}

function parts(name: CosemName): [classId: number, obis: string, index: number] {
  const [classId = "", obis = "", index = ""] = name.split("/");
  return [Number(classId), obis, Number(index)];
}
