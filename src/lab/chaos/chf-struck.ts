import type { ChfBooks, Order } from "./chf-books.ts";
import { MOVED_MS } from "./struck.ts";

/**
 * What a hub was doing when it was killed, as far as can be seen from outside: counts of kills, of which each may be in
 * several. A Command is `offered`, then `stored` by its receipt, then `answered` and not yet reported as executed.
 */
export interface ChfStruckFigures {
  offered: number;
  stored: number;
  answered: number;
  /** Kills while the hub was still starting. */
  starting: number;
  /** Kills less than {@link MOVED_MS} after the hub's last word. */
  speaking: number;
  /** Kills of a hub that had started, had nothing new to do and had said nothing so lately. */
  idle: number;
}

/** Keeps count of what each kill struck. */
export class ChfStruck {
  readonly figures: ChfStruckFigures = {
    offered: 0,
    stored: 0,
    answered: 0,
    starting: 0,
    speaking: 0,
    idle: 0,
  };
  readonly #books: ChfBooks;

  constructor(books: ChfBooks) {
    this.#books = books;
  }

  /** To be called at a kill. */
  at(starting: boolean): void {
    const { figures } = this;
    const some = (is: (order: Order) => boolean) => this.#books.orders.some(is);
    const offered = some(({ stored, answer }) => !stored && answer === undefined);
    const stored = some((order) => order.stored && order.answer === undefined);
    const answered = some(({ answer, executed }) => answer !== undefined && executed.size === 0);
    const speaking = this.#books.heardAt > performance.now() - MOVED_MS;
    if (offered) figures.offered += 1;
    if (stored) figures.stored += 1;
    if (answered) figures.answered += 1;
    if (speaking) figures.speaking += 1;
    if (starting) figures.starting += 1;
    else if (!speaking && !offered) figures.idle += 1;
  }
}
