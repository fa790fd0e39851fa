/** What the mains input shows; `unknown` where it cannot be read or says neither. */
export type Mains = "present" | "lost" | "unknown";

/** A loss of mains under way. */
export interface Outage {
  /** Unix milliseconds. */
  readonly lostAt: number;
  /** When the alert was raised; undefined before. There is one for each outage. */
  readonly alertedAt: number | undefined;
}

/** One that is over. */
export interface PastOutage extends Outage {
  readonly backAt: number;
}

export interface PowerState {
  readonly mains: Mains;
  readonly outage: Outage | undefined;
  readonly last: PastOutage | undefined;
  /** The outage is from before the start, and the input has not said yet whether it goes on. */
  readonly resumed: boolean;
}

export type PowerInput =
  | { readonly type: "reading"; readonly mains: Mains; readonly now: number }
  /** The timer has run out. */
  | { readonly type: "timeout"; readonly now: number };

export type PowerEvent =
  | { readonly type: "lost" | "alert"; readonly outage: Outage }
  | {
      readonly type: "restored";
      readonly outage: PastOutage;
      /** It lasted at least as long as the alert waits, be it that the hub itself was without power by then. */
      readonly counted: boolean;
    };

export type PowerEffect =
  /** Replaces the timer that runs. */
  | { readonly type: "timer"; readonly ms: number }
  | { readonly type: "cancel-timer" }
  | { readonly type: "event"; readonly event: PowerEvent };

export const POWER_START: PowerState = {
  mains: "unknown",
  outage: undefined,
  last: undefined,
  resumed: false,
};

/**
 * Power of the hub (A9): mains that is lost and not back after `alertMs` raises one alert, mains that comes back sooner
 * none. An input that cannot be read is no news: an outage goes on until mains is seen again. `now` is Unix
 * milliseconds and only noted; how long an outage lasts is measured by the timer, which no setting of a clock moves.
 */
export function powerStep(
  state: PowerState,
  input: PowerInput,
  alertMs: number,
): [PowerState, readonly PowerEffect[]] {
  const { outage } = state;
  if (input.type === "timeout") {
    if (outage === undefined || outage.alertedAt !== undefined) return [state, []];
    const alerted = { ...outage, alertedAt: input.now };
    return [{ ...state, outage: alerted }, [event("alert", alerted)]];
  }
  const { mains, now } = input;
  if (mains === "lost" && outage === undefined) {
    const begun = { lostAt: now, alertedAt: undefined };
    return [{ ...state, mains, outage: begun }, [event("lost", begun), { type: "timer", ms: alertMs }]];
  }
  if (mains === "lost" && state.resumed && outage !== undefined && outage.alertedAt === undefined) {
    const passed = Math.max(0, now - outage.lostAt);
    return [{ ...state, mains, resumed: false }, [{ type: "timer", ms: Math.max(0, alertMs - passed) }]];
  }
  if (mains === "present" && outage !== undefined) {
    const last = { ...outage, backAt: now };
    // Where the hub lived through it, the timer has measured; else only the time of day tells how long it was.
    const counted = outage.alertedAt !== undefined || (state.resumed && now - outage.lostAt >= alertMs);
    return [
      { mains, outage: undefined, last, resumed: false },
      [{ type: "cancel-timer" }, { type: "event", event: { type: "restored", outage: last, counted } }],
    ];
  }
  return [{ ...state, mains }, []];
}

/**
 * The state after a start, from what was stored. Whether the outage goes on is for the input to say: a hub that comes
 * back with the mains must not raise an alert for it.
 */
export function powerResumed(outage: Outage | undefined, last: PastOutage | undefined): PowerState {
  return { mains: "unknown", outage, last, resumed: outage !== undefined };
}

function event(type: "lost" | "alert", outage: Outage): PowerEffect {
  return { type: "event", event: { type, outage } };
}
