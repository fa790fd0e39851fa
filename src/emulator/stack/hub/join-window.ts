import type { Clock, Timer } from "../../../base/clock.ts";

const FOREVER = 255;

/** The time in which the network lets newcomers associate. */
export class JoinWindow {
  readonly #clock: Clock;
  readonly #changed: (state: "opened" | "closed") => void;
  #window: { timer: Timer | undefined } | undefined;

  constructor(clock: Clock, changed: (state: "opened" | "closed") => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  get isOpen(): boolean {
    return this.#window !== undefined;
  }

  /** For the seconds given; 0 closes, 255 stays open. */
  open(seconds: number): void {
    const wasOpen = this.isOpen;
    this.forget();
    if (seconds === 0) {
      if (wasOpen) this.#changed("closed");
      return;
    }
    const close = () => this.open(0);
    this.#window = { timer: seconds === FOREVER ? undefined : this.#clock.after(seconds * 1000, close) };
    this.#changed("opened");
  }

  /** Closes it without a word. */
  forget(): void {
    this.#window?.timer?.cancel();
    this.#window = undefined;
  }
}
