/** How good the way between two radios is, the same in both directions. */
export interface LinkQuality {
  /** Chance in [0, 1] that a frame, or its MAC acknowledgement, is lost. */
  loss: number;
  /** Time on the way in milliseconds of the injected clock; 0 is delivered at once, but never within the call. */
  delayMs: number;
  /** Chance in [0, 1] that a frame arrives twice. */
  duplicate: number;
  rssi: number;
  lqi: number;
}

export const PERFECT_LINK: LinkQuality = { loss: 0, delayMs: 0, duplicate: 0, rssi: -52, lqi: 220 };

/** Settings of one link; what is not set here follows the air's default. */
export class Link {
  readonly #fallback: () => LinkQuality;
  #own: Partial<LinkQuality> = {};

  constructor(fallback: () => LinkQuality) {
    this.#fallback = fallback;
  }

  set(quality: Partial<LinkQuality>): this {
    this.#own = { ...this.#own, ...quality };
    return this;
  }

  /** Follows the default again. */
  reset(): this {
    this.#own = {};
    return this;
  }

  get quality(): LinkQuality {
    return { ...this.#fallback(), ...this.#own };
  }
}
