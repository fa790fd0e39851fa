import type { Clock } from "../base/clock.ts";

/** Documents that a broker retains, one a topic: only the latest counts, so nothing of them is ever queued or stored. */
export class Retained {
  readonly #documents = new Map<string, Uint8Array>();
  #due = new Set<string>();
  readonly #underway = new Set<string>();
  #settled: () => void = () => {};

  /** Replaces the document; an empty one takes it off the broker. `first`: it overtakes the others that wait. */
  set(topic: string, document: Uint8Array, first = false): void {
    this.#documents.set(topic, document);
    if (first) this.#due = new Set([topic, ...this.#due]);
    else this.#due.add(topic);
  }

  /** Everything has to be told again: to this broker it may be news. */
  restart(): void {
    this.#underway.clear();
    for (const topic of this.#documents.keys()) this.#due.add(topic);
  }

  /** The next one to publish, oldest change first but for what overtakes; a topic again only after `acknowledged`, so that order holds. */
  take(): { topic: string; document: Uint8Array } | undefined {
    for (const topic of this.#due) {
      const document = this.#documents.get(topic);
      if (document === undefined || this.#underway.has(topic)) continue;
      this.#due.delete(topic);
      this.#underway.add(topic);
      return { topic, document };
    }
    return undefined;
  }

  acknowledged(topic: string): void {
    this.#underway.delete(topic);
    if (!this.#due.has(topic) && this.#documents.get(topic)?.length === 0) this.#documents.delete(topic);
    this.#checkSettled();
  }

  /** Resolves when everything is acknowledged, at the latest after `ms`. */
  settle(ms: number, clock: Clock): Promise<void> {
    return new Promise((resolve) => {
      const timer = clock.after(ms, resolve);
      this.#settled = () => {
        timer.cancel();
        resolve();
      };
      this.#checkSettled();
    });
  }

  #checkSettled(): void {
    if (this.#due.size === 0 && this.#underway.size === 0) this.#settled();
  }
}
