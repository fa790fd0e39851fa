import type { JoinedHow } from "../radio/port.ts";

/**
 * One device's way into the network as a pure state machine: a window for it, the network key under its start key
 * (install code, GBCS; or an older link key), then key establishment (communications-hub A2.11 to A2.13). What the
 * device may do in each state follows from `at` alone; the interpreter talks to the radio and to the Device Log.
 */

/** The named steps, as a person at the wall sees them. */
export type JoinStep =
  | "window open"
  | "seen"
  | "associated"
  | "link key"
  | "key establishment"
  | "log updated";

export interface JoinState {
  /**
   * `out`: not on the network as far as is known. `seen`: it has asked for an address. `associated`: the network key
   * was sent to it. `keying`: it used the network key; only Key Establishment and ZDO are served. `in`: all is served.
   */
  readonly at: "out" | "seen" | "associated" | "keying" | "in";
  /** It is admitted with its start key now. */
  readonly window: boolean;
  /** The Device Log holds a link key from key establishment with it. */
  readonly keyed: boolean;
  /** The present trouble has been told: a device with a wrong code comes again and again. */
  readonly told: boolean;
}

/** `resumed`: it was on the network before the hub started. */
export type JoinHow = JoinedHow | "resumed";

export type JoinInput =
  | { readonly type: "window-opened" }
  | { readonly type: "window-ended" }
  /** It asked for an address. */
  | { readonly type: "seen" }
  /** The Trust Centre sent it the network key under the key that the radio holds for it. */
  | { readonly type: "associated"; readonly how: JoinHow }
  /** The first frame under the network key since then, or since the hub started (`resumed`). */
  | { readonly type: "spoke"; readonly how: JoinHow }
  /** Key establishment off: its start key is in the radio's key table. */
  | { readonly type: "start-key-stored" }
  | { readonly type: "start-key-refused"; readonly reason: string }
  | { readonly type: "exchange-started" }
  /** The new key is in the radio and in the Device Log. */
  | { readonly type: "established" }
  | { readonly type: "exchange-failed"; readonly reason: string; readonly mayRetry: boolean }
  | { readonly type: "timeout" }
  | { readonly type: "left" };

export interface JoinFailure {
  readonly step: JoinStep;
  readonly cause: string;
  /** The next thing to do, for the person at the wall. */
  readonly next: string;
  /** False while the device may still make it. */
  readonly final: boolean;
}

export type JoinEffect =
  | { readonly do: "report"; readonly step: JoinStep }
  | { readonly do: "fail"; readonly failure: JoinFailure }
  /** Replaces the timer that runs. */
  | { readonly do: "timer"; readonly ms: number }
  | { readonly do: "no-timer" }
  | { readonly do: "store-start-key" }
  /** Make it leave the network; its entry in the Device Log stays. */
  | { readonly do: "remove" }
  | { readonly do: "came-in" }
  | { readonly do: "went-out" };

export interface JoinSettings {
  /** False: the start key stays the link key, for devices without key establishment. */
  readonly keyEstablishment: boolean;
  /** A joiner announces itself within a second; slow radios and one retry fit in this. */
  readonly proofMs: number;
  /** How long a device may take from its first frame to the end of key establishment, tries included. */
  readonly keyEstablishmentMs: number;
}

export const JOIN_SETTINGS: JoinSettings = {
  keyEstablishment: true,
  proofMs: 5_000,
  keyEstablishmentMs: 120_000,
};

export type JoinOutcome = readonly [JoinState, readonly JoinEffect[]];

/** A device of which nothing has been heard since the hub started. */
export function joinStart(keyed: boolean): JoinState {
  return { at: "out", window: false, keyed, told: false };
}

export function joinStep(state: JoinState, input: JoinInput, settings: JoinSettings): JoinOutcome {
  switch (input.type) {
    case "window-opened":
      return [{ ...state, window: true, told: false }, [{ do: "report", step: "window open" }]];
    case "window-ended":
      return windowEnded(state);
    case "seen":
      if (state.at !== "out") return [state, []];
      return [{ ...state, at: "seen" }, [{ do: "report", step: "seen" }]];
    case "associated":
      return associated(state, input.how, settings);
    case "spoke":
      return spoke(state, input.how, settings);
    case "start-key-stored":
      if (settings.keyEstablishment || state.at !== "keying") return [state, []];
      return comeIn(state, state.keyed);
    case "start-key-refused":
      if (state.at !== "keying") return [state, []];
      return throwOut(state, "link key", input.reason, "put that right, then open a window again");
    case "exchange-started":
      if (state.at !== "keying") return [state, []];
      return [state, [{ do: "report", step: "key establishment" }]];
    case "established":
      return established(state);
    case "exchange-failed":
      return exchangeFailed(state, input.reason, input.mayRetry);
    case "timeout":
      return timedOut(state);
    case "left":
      return [{ ...state, at: "out" }, [{ do: "no-timer" }, ...goOut(state)]];
  }
}

function goOut(state: JoinState): readonly JoinEffect[] {
  return state.at === "in" ? [{ do: "went-out" }] : [];
}

/** A Trust Centre rejoin of a device that has its key changes nothing but the network key it holds. */
function associated(state: JoinState, how: JoinHow, settings: JoinSettings): JoinOutcome {
  if (how !== "install-code" && settled(state, settings)) return [state, []];
  const unseen: readonly JoinEffect[] = state.at === "seen" ? [] : [{ do: "report", step: "seen" }];
  return [
    { ...state, at: "associated" },
    [...goOut(state), ...unseen, { do: "report", step: "associated" }, { do: "timer", ms: settings.proofMs }],
  ];
}

function settled(state: JoinState, settings: JoinSettings): boolean {
  return state.keyed || !settings.keyEstablishment;
}

function spoke(state: JoinState, how: JoinHow, settings: JoinSettings): JoinOutcome {
  if (state.at === "in" || state.at === "keying") return [state, []];
  const known: JoinState = { ...state, told: false };
  if (how !== "install-code" && settled(state, settings)) return comeIn(known, state.keyed);
  const proven: readonly JoinEffect[] = [{ do: "report", step: "link key" }];
  const next: JoinState = { ...known, at: "keying" };
  if (!settings.keyEstablishment) return [next, [{ do: "no-timer" }, ...proven, { do: "store-start-key" }]];
  return [next, [...proven, { do: "timer", ms: settings.keyEstablishmentMs }]];
}

function comeIn(state: JoinState, keyed: boolean): JoinOutcome {
  return [{ ...state, at: "in", keyed, told: false }, [{ do: "no-timer" }, { do: "came-in" }]];
}

/** Also a device that is in may take a new key; it stays in. */
function established(state: JoinState): JoinOutcome {
  const updated: JoinEffect = { do: "report", step: "log updated" };
  if (state.at === "in") return [{ ...state, keyed: true }, [updated]];
  const [next, effects] = comeIn(state, true);
  return [next, [updated, ...effects]];
}

function exchangeFailed(state: JoinState, reason: string, mayRetry: boolean): JoinOutcome {
  if (state.at !== "keying") return [state, []];
  if (mayRetry) {
    const next = "wait; the device tries again by itself";
    return [state, [fail("key establishment", reason, next, false)]];
  }
  return throwOut(
    state,
    "key establishment",
    reason,
    "check that device and hub have certificates of the same authority, then open a window again",
  );
}

function timedOut(state: JoinState): JoinOutcome {
  if (state.at === "keying")
    return throwOut(
      state,
      "key establishment",
      "the device joined and did not finish key establishment in time",
      "restart the device; if it happens again, check that it has a certificate of the hub's authority",
    );
  if (state.at !== "associated" || state.told) return [state, []];
  return [{ ...state, told: true }, [wrongCode(false)]];
}

/** A2.13: it may not stay on the network half keyed. */
function throwOut(state: JoinState, step: JoinStep, cause: string, next: string): JoinOutcome {
  return [
    { ...state, at: "out" },
    [{ do: "no-timer" }, fail(step, cause, next, !state.window), { do: "remove" }],
  ];
}

function windowEnded(state: JoinState): JoinOutcome {
  const next: JoinState = { ...state, window: false };
  if (!state.window || state.keyed) return [next, []];
  if (state.at === "out")
    return [
      next,
      [
        fail(
          "window open",
          "the device was not seen",
          "check that it is powered, within reach and searching for a network (many have a button for it), then open a window again",
          true,
        ),
      ],
    ];
  if (state.at === "seen" || state.at === "associated")
    return [{ ...next, at: "out" }, [{ do: "no-timer" }, wrongCode(true)]];
  return [next, []];
}

function wrongCode(final: boolean): JoinEffect {
  return fail(
    "link key",
    "the device was sent the network key and has not used it: its install code is probably not the one put in",
    "compare the install code with the device's label and put it in again",
    final,
  );
}

function fail(step: JoinStep, cause: string, next: string, final: boolean): JoinEffect {
  return { do: "fail", failure: { step, cause, next, final } };
}
