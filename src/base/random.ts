import { randomBytes } from "node:crypto";

/** The only source of chance: the system's for keys, a seeded one wherever a run must repeat itself. */
export interface Random {
  bytes(count: number): Uint8Array;
  /** A number in [0, 1). */
  fraction(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
}

export const systemRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
  fraction: () => randomBytes(4).readUInt32BE() / 0x1_0000_0000,
  below: (bound) => Math.floor((randomBytes(6).readUIntBE(0, 6) / 0x1_0000_0000_0000) * bound),
};

/** xoshiro128** seeded through splitmix32: repeatable and fast, for emulation and tests, never for keys. */
export class SeededRandom implements Random {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    let mix = seed >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mix = (mix + 0x9e3779b9) >>> 0;
      let z = mix;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    });
  }

  #next(): number {
    // Always four words: the tuple spares a check for undefined at every access of the hot path.
    const s = this.#state as unknown as [number, number, number, number];
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next() >>> 24);
  }
  fraction(): number {
    return this.#next() / 0x1_0000_0000;
  }
  below(bound: number): number {
    return Math.floor(this.fraction() * bound);
  }
}
