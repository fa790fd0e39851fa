/** A SIM card as it is put in. */
export interface SimConfig {
  /** Left out: the card asks for none. */
  pin?: string;
  iccid?: string;
  imsi?: string;
}

const TRIES = 3;

/** A SIM card: its PIN, and the count of wrong ones, which lives on through every power cycle. */
export class SimCard {
  readonly iccid: string;
  readonly imsi: string;
  readonly #pin: string | undefined;
  #left = TRIES;
  #open: boolean;
  #refuses = false;

  constructor({ pin, iccid = "8944100030000000017", imsi = "234100000000017" }: SimConfig) {
    this.#pin = pin;
    this.iccid = iccid;
    this.imsi = imsi;
    this.#open = pin === undefined;
  }

  get triesLeft(): number {
    return this.#left;
  }

  get state(): "READY" | "SIM PIN" | "SIM PUK" {
    if (this.#left === 0) return "SIM PUK";
    return this.#open ? "READY" : "SIM PIN";
  }

  /** The modem lost its power or was reset: the PIN is wanted again. */
  powerUp(): void {
    this.#open = this.#pin === undefined && !this.#refuses;
  }

  /** Asks for a PIN from now on and takes none, or is as it was made again. */
  refuse(on: boolean): void {
    if (on === this.#refuses) return;
    this.#refuses = on;
    this.powerUp();
  }

  enter(pin: string): boolean {
    if (this.state !== "SIM PIN") return false;
    this.#open = pin === this.#pin && !this.#refuses;
    this.#left = this.#open ? TRIES : this.#left - 1;
    return this.#open;
  }
}
