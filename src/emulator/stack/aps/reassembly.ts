import { concatBytes, equalBytes } from "../../../base/bytes.ts";
import type { Clock, Timer } from "../../../base/clock.ts";
import type { ApsMessage } from "../coordinator.ts";
import type { ApsLayer } from "./aps.ts";

interface Assembly {
  first: ApsMessage;
  /** Unknown until block 0 is here. */
  total: number | undefined;
  blocks: Map<number, Uint8Array>;
  complete: boolean;
  timer: Timer;
}

export interface ReassemblySettings {
  /** Longest message taken, in octets. */
  maximumLength: number;
  /** How long a message may stand still before it is dropped; also how long a finished one is remembered. */
  timeoutMs: number;
}

/** Joins the blocks of incoming messages and acknowledges them by windows. */
export class Reassembly {
  readonly #aps: ApsLayer;
  readonly #clock: Clock;
  readonly #settings: ReassemblySettings;
  readonly #deliver: (message: ApsMessage) => void;
  readonly #assemblies = new Map<string, Assembly>();

  constructor(options: {
    aps: ApsLayer;
    clock: Clock;
    settings: ReassemblySettings;
    deliver: (message: ApsMessage) => void;
  }) {
    this.#aps = options.aps;
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#deliver = options.deliver;
  }

  /** Whether blocks of a message have come, and others are still to come. */
  get underWay(): boolean {
    return [...this.#assemblies.values()].some(({ complete }) => !complete);
  }

  clear(): void {
    for (const [name] of [...this.#assemblies]) this.#drop(name);
  }

  /** Takes one block; its `fragment` must be set. */
  block(message: ApsMessage): void {
    const { fragment } = message;
    if (!fragment) return;
    const name = `${message.nodeId}/${message.sequence}`;
    if (fragment.index === 0 && this.#startsAnew(name, message)) this.#drop(name);
    const known = this.#assemblies.get(name);
    const window = this.#aps.settings.fragmentWindow;
    if (!known && fragment.index >= window) return;
    const assembly = known ?? this.#open(name, message);
    if (fragment.index === 0) assembly.total = fragment.total;
    if (assembly.total !== undefined && fragment.index >= assembly.total) return;
    if (!assembly.complete && !this.#fits(assembly, message)) {
      this.#drop(name);
      return;
    }
    const again = assembly.blocks.has(fragment.index);
    if (!again && !assembly.complete) assembly.blocks.set(fragment.index, message.payload);
    this.#restart(name, assembly);
    this.#acknowledge(assembly, message, fragment.index, again);
    if (!assembly.complete && assembly.blocks.size === assembly.total) this.#complete(assembly);
  }

  /** A block 0 that cannot be a repetition of the one that is known begins another message. */
  #startsAnew(name: string, message: ApsMessage): boolean {
    const known = this.#assemblies.get(name);
    const first = known?.blocks.get(0);
    if (!known || !first) return false;
    const window = this.#aps.settings.fragmentWindow;
    const beyond = [...known.blocks.keys()].some((index) => index >= window);
    return beyond || message.fragment?.total !== known.total || !equalBytes(first, message.payload);
  }

  #open(name: string, first: ApsMessage): Assembly {
    const assembly: Assembly = {
      first,
      total: undefined,
      blocks: new Map(),
      complete: false,
      timer: { cancel: () => {} },
    };
    this.#assemblies.set(name, assembly);
    return assembly;
  }

  #fits(assembly: Assembly, message: ApsMessage): boolean {
    let length = message.payload.length;
    for (const block of assembly.blocks.values()) length += block.length;
    return length <= this.#settings.maximumLength && assembly.first.apsSecurity === message.apsSecurity;
  }

  #restart(name: string, assembly: Assembly): void {
    assembly.timer.cancel();
    assembly.timer = this.#clock.after(this.#settings.timeoutMs, () => this.#drop(name));
  }

  #drop(name: string): void {
    this.#assemblies.get(name)?.timer.cancel();
    this.#assemblies.delete(name);
  }

  /** Once the window is full, or when a block comes again because the sender misses something. */
  #acknowledge(assembly: Assembly, message: ApsMessage, index: number, again: boolean): void {
    const window = this.#aps.settings.fragmentWindow;
    const from = index - (index % window);
    let bitmap = 0;
    let full = true;
    for (let i = 0; i < 8; i++) {
      const outside = i >= window || (assembly.total !== undefined && from + i >= assembly.total);
      if (outside || assembly.blocks.has(from + i)) bitmap |= 1 << i;
      else full = false;
    }
    if (full || again) this.#aps.acknowledgeBlocks(message.nodeId, message, from, bitmap);
  }

  #complete(assembly: Assembly): void {
    assembly.complete = true;
    const { first, blocks } = assembly;
    const parts = Array.from({ length: blocks.size }, (_, i) => blocks.get(i) ?? new Uint8Array(0));
    const whole: ApsMessage = { ...first, payload: concatBytes(...parts) };
    delete whole.fragment;
    this.#deliver(whole);
  }
}
