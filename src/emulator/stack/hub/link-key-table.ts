import { equalBytes } from "../../../base/bytes.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { LinkKey } from "../security/link-key.ts";

/** KEY_TABLE_SIZE of stock dongles. */
const DEFAULT_SIZE = 12;
/** TRANSIENT_KEY_TIMEOUT_S after reset. */
const DEFAULT_TIMEOUT_SECONDS = 300;
/** Transient keys live in RAM; EmberZNet takes them until the buffers run out. */
const TRANSIENT_LIMIT = 64;

interface Transient {
  link: LinkKey;
  expires: number;
}

/** The coordinator's link keys: a table of fixed size in flash, and transient keys that time out. */
export class LinkKeyTable {
  transientSeconds = DEFAULT_TIMEOUT_SECONDS;
  readonly #clock: Clock;
  readonly #transient = new Map<Eui64, Transient>();
  #slots: (LinkKey | undefined)[] = new Array<LinkKey | undefined>(DEFAULT_SIZE).fill(undefined);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Keys in slots beyond a smaller size are lost, as they are on a real NCP. */
  resize(size: number): void {
    this.#slots = Array.from({ length: size }, (_, i) => this.#slots[i]);
  }

  get size(): number {
    return this.#slots.length;
  }

  entries(): { index: number; link: LinkKey }[] {
    return this.#slots.flatMap((link, index) => (link ? [{ index, link }] : []));
  }

  /** The key that secures frames with a device: from the table, else its transient one. */
  find(eui64: Eui64): LinkKey | undefined {
    return this.stored(eui64) ?? this.transient(eui64);
  }

  stored(eui64: Eui64): LinkKey | undefined {
    return this.#slots.find((link) => link?.eui64 === eui64);
  }

  transient(eui64: Eui64): LinkKey | undefined {
    this.#expire();
    return this.#transient.get(eui64)?.link;
  }

  /** A device's own entry is replaced wherever it stands; index -1 then takes the first free slot. */
  import(
    index: number,
    eui64: Eui64,
    key: Uint8Array,
    incoming?: number,
  ): "ok" | "table-full" | "invalid-index" {
    if (index >= this.size) return "invalid-index";
    const known = [this.stored(eui64), this.transient(eui64)].find(
      (link) => link && equalBytes(link.key, key),
    );
    const present = this.#slots.findIndex((link) => link?.eui64 === eui64);
    const free = this.#slots.indexOf(undefined);
    const slot = index >= 0 ? index : present >= 0 ? present : free;
    if (slot < 0) return "table-full";
    if (present >= 0) this.#slots[present] = undefined;
    this.#slots[slot] = new LinkKey(eui64, Uint8Array.from(key), incoming ?? known?.incoming ?? 0);
    return "ok";
  }

  erase(index: number): boolean {
    if (!this.#slots[index]) return false;
    this.#slots[index] = undefined;
    return true;
  }

  clear(): void {
    this.#slots.fill(undefined);
  }

  importTransient(eui64: Eui64, key: Uint8Array): boolean {
    this.#expire();
    const known = this.#transient.get(eui64)?.link;
    if (!known && this.#transient.size >= TRANSIENT_LIMIT) return false;
    const same = known && equalBytes(known.key, key);
    this.#transient.set(eui64, {
      link: same ? known : new LinkKey(eui64, Uint8Array.from(key)),
      expires: this.#clock.elapsed() + this.transientSeconds * 1000,
    });
    return true;
  }

  transients(): { eui64: Eui64; key: Uint8Array; secondsLeft: number }[] {
    this.#expire();
    const now = this.#clock.elapsed();
    return [...this.#transient].map(([eui64, { link, expires }]) => ({
      eui64,
      key: link.key,
      secondsLeft: Math.ceil((expires - now) / 1000),
    }));
  }

  clearTransients(): void {
    this.#transient.clear();
  }

  #expire(): void {
    const now = this.#clock.elapsed();
    for (const [eui64, { expires }] of this.#transient) if (expires <= now) this.#transient.delete(eui64);
  }
}
