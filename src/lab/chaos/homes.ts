/** So much work for each home: what does not divide goes to the first ones. */
export function shares(total: number, homes: number): number[] {
  const most = Math.min(total, homes);
  return Array.from({ length: most }, (_, i) => Math.floor((total - i - 1) / most) + 1);
}

/**
 * Runs one home for each share, side by side, and returns what came of each. Where one throws, the others are let to
 * their end first, so that nothing is left running.
 */
export async function sideBySide<Figures>(
  total: number,
  homes: number,
  run: (share: number, home: number) => Promise<Figures>,
): Promise<Figures[]> {
  const ended = await Promise.allSettled(shares(total, homes).map(run));
  return ended.map((end) => {
    if (end.status === "rejected") throw end.reason;
    return end.value;
  });
}

/** Figures of several homes, each number added up; all have the same names. */
export function added<Figures extends object>(figures: readonly [Figures, ...Figures[]]): Figures {
  const [first] = figures;
  const sums = Object.entries(first).map(([name, value]) => {
    const values: unknown[] = figures.map((one) => Reflect.get(one, name));
    if (typeof value === "number") return [name, values.reduce<number>((sum, one) => sum + Number(one), 0)];
    return [name, added(values as [object, ...object[]])];
  });
  return Object.fromEntries(sums) as Figures;
}

/** Kills in a row that may come before the hub has dealt with anything. */
const IN_VAIN = 3;

/**
 * Tells when a hub has been killed so often in a row before it dealt with anything that it must be let to do so: it gives
 * up a message that it was stopped at six times in a row, taking that for the reason (`INBOX_LIMITS.starts`).
 */
export class Patience {
  #dealtWith = 0;
  #inVain = 0;

  /** To be called at a kill: how much the hub has dealt with so far. */
  killed(dealtWith: number): void {
    this.#inVain = dealtWith > this.#dealtWith ? 0 : this.#inVain + 1;
    this.#dealtWith = dealtWith;
  }

  /** Whether the next kill has to wait until something is dealt with. */
  get needed(): boolean {
    return this.#inVain >= IN_VAIN;
  }
}
