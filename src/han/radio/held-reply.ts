/** The acknowledgement of a whole message that its receiver has not made safe yet. */
interface Held {
  /** Group of the reply: the window's bitmap and its base. */
  readonly group: number;
  /** Hands the message over; resolves when it is safe. */
  readonly deliver: () => readonly Promise<unknown>[];
  readonly reply: () => void;
  readonly until: number;
  waiting: boolean;
}

/**
 * Holds the reply to the last window of a message back until the message is safe, so that its sender keeps it as long as
 * a power cut could still lose it. A message that could not be made safe is handed over again when its last block comes
 * again. What is not safe after `finishedMs` is never acknowledged; its sender gives up and sends the whole of it anew.
 */
export class HeldReplies {
  readonly #held = new Map<string, Held>();
  readonly #finishedMs: number;

  constructor(finishedMs: number) {
    this.#finishedMs = finishedMs;
  }

  /** Delivers a message that is complete at `now` (elapsed milliseconds) and replies once it is safe. */
  take(
    key: string,
    message: { group: number; deliver: () => readonly Promise<unknown>[]; reply: () => void },
    now: number,
  ): void {
    const held: Held = { ...message, until: now + this.#finishedMs, waiting: false };
    this.#held.set(key, held);
    this.#deliver(key, held);
  }

  /** Whether this reply must not go out now: it would acknowledge a message that is not safe. */
  holds(key: string, group: number): boolean {
    const held = this.#held.get(key);
    if (held === undefined || (held.group & 0xff) !== (group & 0xff)) return false;
    if (!held.waiting) this.#deliver(key, held);
    return true;
  }

  /** Another message goes by this key now, or nobody waits for the reply any more. */
  forget(key: string): void {
    this.#held.delete(key);
  }

  expire(now: number): void {
    for (const [key, { until }] of this.#held) if (until <= now) this.#held.delete(key);
  }

  #deliver(key: string, held: Held): void {
    const work = held.deliver();
    const safe = () => {
      if (this.#held.get(key) !== held) return;
      this.#held.delete(key);
      held.reply();
    };
    held.waiting = work.length > 0;
    if (!held.waiting) safe();
    else
      Promise.all(work).then(safe, () => {
        held.waiting = false;
      });
  }
}
