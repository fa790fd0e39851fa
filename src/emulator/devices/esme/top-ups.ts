/** Digits of a Unique Transaction Reference Number. */
const UTRN = /^\d{20}$/;
/** How many are remembered, so that none is taken twice. */
const REMEMBERED = 100;

/**
 * The value of a top-up code in 1/100000 of a pound. How a code carries it is in no public document, so every code
 * stands for the same amount unless the user of the emulation says otherwise.
 */
export type TopUpValue = (utrn: string) => number;

export const TEN_POUNDS: TopUpValue = () => 1_000_000;

/** Top-up codes: each is good once. */
export class TopUps {
  readonly #value: TopUpValue;
  readonly #used: string[] = [];

  constructor(value: TopUpValue) {
    this.#value = value;
  }

  /** The amount to credit; undefined for what is no code, or one that was used before. */
  enter(octets: Uint8Array): number | undefined {
    const utrn = Buffer.from(octets).toString("latin1");
    if (!UTRN.test(utrn) || this.#used.includes(utrn)) return undefined;
    this.#used.push(utrn);
    if (this.#used.length > REMEMBERED) this.#used.shift();
    return this.#value(utrn);
  }
}
