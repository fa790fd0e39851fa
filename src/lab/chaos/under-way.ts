import { toHex } from "../../base/bytes.ts";

/**
 * Where a message is, as far as can be seen from outside the hub.
 *
 * Down: `offered` at the broker and not reported as stored; `stored`, by its receipt, and not yet at the meter;
 * `atMeter`, and not yet reported as delivered.
 *
 * Up: `sending`, the meter's to deliver; `acknowledged` to the meter, which is after the commit, and not yet at the far
 * end, which is before the hub has its PUBACK; `unacknowledged` to the meter, while the far end has it already.
 */
export const PLACES = ["offered", "stored", "atMeter", "sending", "acknowledged", "unacknowledged"] as const;
export type Place = (typeof PLACES)[number];

interface Down {
  stored: boolean;
  atMeter: boolean;
}

interface Up {
  acknowledged: boolean;
  atFarEnd: boolean;
}

/** The messages that are on their way, each at its place, and when one last moved. */
export class UnderWay {
  readonly #down = new Map<string, Down>();
  readonly #idOf = new Map<string, string>();
  readonly #up = new Map<string, Up>();
  #movedDown = Number.NEGATIVE_INFINITY;
  #movedUp = Number.NEGATIVE_INFINITY;

  offered(id: string, command: Uint8Array): void {
    this.#down.set(id, { stored: false, atMeter: false });
    this.#idOf.set(toHex(command), id);
  }

  stored(id: string): void {
    const down = this.#down.get(id);
    if (down === undefined) return;
    down.stored = true;
    this.#movedDown = performance.now();
  }

  atMeter(command: Uint8Array): void {
    const down = this.#down.get(this.#idOf.get(toHex(command)) ?? "");
    if (down === undefined) return;
    down.atMeter = true;
    this.#movedDown = performance.now();
  }

  /** The hub's last word on a Command. */
  over(id: string): void {
    if (this.#down.delete(id)) this.#movedDown = performance.now();
  }

  sending(message: Uint8Array): void {
    this.#up.set(toHex(message), { acknowledged: false, atFarEnd: false });
  }

  acknowledged(message: Uint8Array): void {
    this.#moved(message, "acknowledged");
  }

  atFarEnd(message: Uint8Array): void {
    this.#moved(message, "atFarEnd");
  }

  /** How many messages are at each place. */
  counts(): Record<Place, number> {
    const down = [...this.#down.values()];
    const up = [...this.#up.values()];
    return {
      offered: down.filter(({ stored, atMeter }) => !stored && !atMeter).length,
      stored: down.filter(({ stored, atMeter }) => stored && !atMeter).length,
      atMeter: down.filter(({ atMeter }) => atMeter).length,
      sending: up.filter(({ acknowledged, atFarEnd }) => !acknowledged && !atFarEnd).length,
      acknowledged: up.filter(({ acknowledged }) => acknowledged).length,
      unacknowledged: up.filter(({ atFarEnd }) => atFarEnd).length,
    };
  }

  /** Whether a message moved on either way in the last so many milliseconds. */
  moved(withinMs: number): { down: boolean; up: boolean } {
    const since = performance.now() - withinMs;
    return { down: this.#movedDown >= since, up: this.#movedUp >= since };
  }

  #moved(message: Uint8Array, to: keyof Up): void {
    const name = toHex(message);
    const up = this.#up.get(name);
    if (up === undefined) return;
    this.#movedUp = performance.now();
    up[to] = true;
    if (up.acknowledged && up.atFarEnd) this.#up.delete(name);
  }
}
