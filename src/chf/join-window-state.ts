/**
 * A join window of one device (CCS01, communications-hub A2.8 and A2.9) as a pure state machine. A device of the
 * Historic Device Log may first come back with its old Trust Centre link key; if it does not, the key that came with
 * the Command has its turn.
 */
export interface JoinWindow {
  readonly phase: "historic-key" | "start-key";
  /** Unix milliseconds. */
  readonly endsAt: number;
  /** Seconds that the start key has after the historic key's turn; 0 in its own. */
  readonly thenSeconds: number;
}

export type JoinWindowInput =
  /** Its time has come. */
  | { readonly type: "ended"; readonly now: number }
  /** The device has a link key: a new one, or its former one proved to be in use. */
  | { readonly type: "keyed" };

/** Admit it with the key of the new phase. */
export interface JoinWindowEffect {
  readonly do: "open";
}

/** `undefined`: the window is closed. */
export type JoinWindowOutcome = readonly [JoinWindow | undefined, readonly JoinWindowEffect[]];

/** The window that a Command opens. `mode`: whether each key has the whole time or both share it. */
export function openedWindow(
  now: number,
  seconds: number,
  historic: boolean,
  mode: "each" | "halves",
): { readonly window: JoinWindow; readonly seconds: number } {
  if (!historic) {
    return { window: { phase: "start-key", endsAt: now + seconds * 1_000, thenSeconds: 0 }, seconds };
  }
  const first = mode === "each" ? seconds : Math.ceil(seconds / 2);
  const thenSeconds = mode === "each" ? seconds : seconds - first;
  return { window: { phase: "historic-key", endsAt: now + first * 1_000, thenSeconds }, seconds: first };
}

export function joinWindowStep(window: JoinWindow, input: JoinWindowInput): JoinWindowOutcome {
  switch (input.type) {
    case "ended": {
      const { phase, thenSeconds: seconds } = window;
      if (phase === "start-key" || seconds === 0) return [undefined, []];
      const next: JoinWindow = { phase: "start-key", endsAt: input.now + seconds * 1_000, thenSeconds: 0 };
      return [next, [{ do: "open" }]];
    }
    case "keyed":
      return [undefined, []];
  }
}
