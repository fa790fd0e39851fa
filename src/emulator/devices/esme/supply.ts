/** State of the load switch (control_state of the supply object). */
export const SUPPLY = { disabled: 0, enabled: 1, armed: 2 } as const;
export type SupplyState = (typeof SUPPLY)[keyof typeof SUPPLY];

/** Scripts of the load switch (class 9): ECS42, ECS43, ECS44. */
const SCRIPTS: Readonly<Record<number, SupplyState>> = {
  51: SUPPLY.enabled,
  52: SUPPLY.disabled,
  54: SUPPLY.armed,
};

/** The load switch of the meter. `changed` is told of every new state, before it is in force. */
export class LoadSwitch {
  readonly #changed: (state: SupplyState) => void;
  #state: SupplyState = SUPPLY.enabled;

  constructor(changed: (state: SupplyState) => void) {
    this.#changed = changed;
  }

  get state(): SupplyState {
    return this.#state;
  }

  /** Runs a script; false where there is none of that number. An enabled supply cannot be armed: nothing changes. */
  run(script: number): boolean {
    const wanted = SCRIPTS[script];
    if (wanted === undefined) return false;
    if (!(wanted === SUPPLY.armed && this.#state === SUPPLY.enabled)) this.set(wanted);
    return true;
  }

  set(state: SupplyState): void {
    if (state === this.#state) return;
    this.#changed(state);
    this.#state = state;
  }
}
