import { climb, LADDER_BOTTOM, type Trouble } from "./ladder.ts";
import {
  MODEM_STOPPED,
  type ModemEffect,
  type ModemInput,
  type ModemState,
  type ModemStep,
  type ModemTask,
  type ModemTiming,
  NEWS,
  type News,
  type UnlockOutcome,
} from "./modem-state.ts";
import type { Registration } from "./registration.ts";
import type { SimState } from "./sim.ts";

/**
 * The life of a modem, pure: port, wake-up, SIM, PIN, network, bearer, and the ladder of cures when one of them fails.
 * `now` is a time that never goes back, in milliseconds.
 */
export function modemStep(state: ModemState, input: ModemInput, now: number, timing: ModemTiming): ModemStep {
  if ("run" in input && input.run !== state.run) return [state, []];
  if (state.phase === "stopped") return input.type === "start" ? open({ ...state, tries: 0 }) : [state, []];
  switch (input.type) {
    case "start":
      return [state, []];
    case "stop":
      return [{ ...MODEM_STOPPED, run: state.run + 1 }, [{ type: "close" }]];
    case "timer":
      return timer(state);
    case "opened":
      return work({ ...state, phase: "waking" }, "wake");
    case "unopened":
      return unopened(state, now, timing);
    case "lost":
      return state.phase === "curing" ? [state, []] : unopened(state, now, timing);
    case "deaf":
      return cure({ ...off(state), fault: "deaf" }, "deaf", now, timing);
    case "woken":
      return work({ ...awake(state), phase: "sim" }, "sim");
    case "sim":
      return sim(state, input.sim, now, timing);
    case "unlocked":
      return unlocked(state, input.outcome, timing);
    case "looked":
      return looked(state, input, now, timing);
    case "dialled":
      return dialled(state, input.up, timing);
    case "cured":
      return cured(state, timing);
    case "news":
      return news(state, input.what, now, timing);
  }
}

function open(state: ModemState): ModemStep {
  return [{ ...off(state), phase: "opening", run: state.run + 1 }, [{ type: "open" }]];
}

/** What was known of network and bearer no longer holds. */
function off(state: ModemState): ModemState {
  return { ...state, task: undefined, news: undefined, registered: false, bearer: false };
}

function awake(state: ModemState): ModemState {
  const better = state.fault === "port" || state.fault === "deaf";
  return { ...state, tries: 0, fault: better ? undefined : state.fault };
}

function work(state: ModemState, task: ModemTask): ModemStep {
  return [{ ...state, task, news: undefined }, [{ type: "task", task }]];
}

function timer(state: ModemState): ModemStep {
  switch (state.phase) {
    case "opening":
    case "curing":
    case "resting":
      return open(state);
    case "sim":
    case "network":
      return state.task === undefined ? attend(state, state.news) : [state, []];
    default:
      return [state, []];
  }
}

/** Looks at what the news are about, or at what is due. */
function attend(state: ModemState, what: News | undefined): ModemStep {
  if (what === "started") return work({ ...off(state), phase: "waking", tries: 0 }, "wake");
  if (what === "sim" || state.phase === "sim") return work({ ...state, phase: "sim" }, "sim");
  return work({ ...state, phase: "network" }, "look");
}

/** Also for a port that closes by itself, which is mostly a modem that starts again. */
function unopened(state: ModemState, now: number, timing: ModemTiming): ModemStep {
  const tries = state.tries + 1;
  const failed: ModemState = {
    ...off(state),
    phase: "opening",
    run: state.run + 1,
    fault: state.fault ?? "port",
    tries,
  };
  if (tries >= timing.openTries) return cure({ ...failed, fault: "port" }, "port", now, timing);
  return [failed, [{ type: "close" }, { type: "wait", ms: timing.openRetryMs }]];
}

function cure(state: ModemState, trouble: Trouble, now: number, timing: ModemTiming): ModemStep {
  const [ladder, { cure: chosen, restMs }] = climb(state.ladder, trouble, timing);
  const told: ModemEffect = { type: "cure", cure: chosen, trouble, restMs };
  const next: ModemState = { ...state, ladder, tries: 0 };
  switch (chosen) {
    case "reopen":
      return [
        { ...next, phase: "opening", run: state.run + 1 },
        [told, { type: "close" }, { type: "wait", ms: timing.openRetryMs }],
      ];
    case "soft":
      return [{ ...next, phase: "curing", task: "soft" }, [told, { type: "task", task: "soft" }]];
    case "hard":
      return [
        { ...next, phase: "curing", run: state.run + 1, task: "hard" },
        [told, { type: "close" }, { type: "task", task: "hard" }],
      ];
    case "rest":
      return rest(next, trouble, told, restMs, now, timing);
  }
}

/** A modem that answers goes on looking for its SIM and its network while it is spared further resets. */
function rest(
  state: ModemState,
  trouble: Trouble,
  told: ModemEffect,
  restMs: number,
  now: number,
  timing: ModemTiming,
): ModemStep {
  if (trouble === "network") {
    const waiting: ModemState = { ...state, phase: "network", searchUntil: now + restMs };
    return [waiting, [told, { type: "wait", ms: timing.searchMs }]];
  }
  if (trouble === "sim") return [{ ...state, phase: "sim" }, [told, { type: "wait", ms: restMs }]];
  return [
    { ...state, phase: "resting", run: state.run + 1 },
    [told, { type: "close" }, { type: "wait", ms: restMs }],
  ];
}

function cured(state: ModemState, timing: ModemTiming): ModemStep {
  if (state.phase !== "curing") return [state, []];
  const booting: ModemState = { ...state, run: state.run + 1, task: undefined };
  return [booting, [{ type: "close" }, { type: "wait", ms: timing.bootMs }]];
}

function sim(state: ModemState, found: SimState, now: number, timing: ModemTiming): ModemStep {
  const here: ModemState = { ...state, phase: "sim", task: undefined, lookedAt: now };
  switch (found) {
    case "ready": {
      const onward: ModemState = {
        ...here,
        phase: "network",
        tries: 0,
        fault: undefined,
        searchUntil: now + timing.noNetworkMs,
      };
      return work(onward, "look");
    }
    case "pin":
      return work({ ...off(here), phase: "unlocking" }, "unlock");
    case "puk":
      return [{ ...off(here), fault: "puk" }, [{ type: "wait", ms: timing.restMs }]];
    case "busy":
    case "missing":
    case "failure":
      return simless(off(here), found, now, timing);
  }
}

function simless(state: ModemState, found: SimState, now: number, timing: ModemTiming): ModemStep {
  const tries = state.tries + 1;
  const fault = found === "missing" ? "no-sim" : found === "failure" ? "sim-failure" : state.fault;
  // A SIM that stays busy is broken.
  const failing = tries >= timing.simTries;
  const next: ModemState = { ...state, tries, fault: failing ? (fault ?? "sim-failure") : fault };
  return failing ? cure(next, "sim", now, timing) : [next, [{ type: "wait", ms: timing.simMs }]];
}

function unlocked(state: ModemState, outcome: UnlockOutcome, timing: ModemTiming): ModemStep {
  const here: ModemState = { ...state, phase: "sim", task: undefined, tries: 0 };
  if (outcome === "accepted") return work(here, "sim");
  // Nothing here is put right by trying again: the next look is for another SIM, or one without a PIN.
  return [{ ...here, fault: `pin-${outcome}` }, [{ type: "wait", ms: timing.restMs }]];
}

function looked(
  state: ModemState,
  seen: { sim: SimState; registration: Registration; bearer: boolean | undefined },
  now: number,
  timing: ModemTiming,
): ModemStep {
  if (state.phase !== "network") return [state, []];
  const here: ModemState = { ...state, task: undefined, lookedAt: now };
  if (seen.sim !== "ready" && seen.sim !== "busy") {
    return sim({ ...here, tries: 0 }, seen.sim, now, timing);
  }
  const registered = seen.registration === "home" || seen.registration === "roaming";
  if (!registered) return search(here, seen.registration, now, timing);
  const since = state.registered ? state.registeredSince : now;
  const steady = now - since >= timing.steadyMs;
  const on: ModemState = {
    ...here,
    registered,
    registeredSince: since,
    ladder: steady ? LADDER_BOTTOM : here.ladder,
    bearer: seen.bearer ?? false,
    fault: here.fault === "bearer" && seen.bearer !== true ? here.fault : undefined,
  };
  if (seen.bearer === false) return work({ ...on, phase: "bearer" }, "bearer");
  return again(on, timing.watchMs, timing);
}

function search(state: ModemState, registration: Registration, now: number, timing: ModemTiming): ModemStep {
  const searchUntil = state.registered ? now + timing.noNetworkMs : state.searchUntil;
  const late = now >= searchUntil;
  const old = state.fault === "bearer" ? undefined : state.fault;
  const fault = registration === "denied" ? "denied" : late ? "no-network" : old;
  const lostIt: ModemState = { ...state, registered: false, bearer: false, searchUntil, fault };
  return late ? cure(lostIt, "network", now, timing) : again(lostIt, timing.searchMs, timing);
}

/** Waits for the next look; not long, where there were news meanwhile. */
function again(state: ModemState, ms: number, timing: ModemTiming): ModemStep {
  return [state, [{ type: "wait", ms: state.news === undefined ? ms : timing.gapMs }]];
}

function dialled(state: ModemState, up: boolean, timing: ModemTiming): ModemStep {
  if (state.phase !== "bearer") return [state, []];
  const fault = up ? (state.fault === "bearer" ? undefined : state.fault) : "bearer";
  const here: ModemState = { ...state, phase: "network", task: undefined, bearer: up, fault };
  return again(here, up ? timing.watchMs : timing.bearerMs, timing);
}

/** However many come: one look at a time, and none too soon after the last. */
function news(state: ModemState, what: News, now: number, timing: ModemTiming): ModemStep {
  if (state.phase !== "sim" && state.phase !== "network" && state.phase !== "bearer") return [state, []];
  const known = state.news;
  const more: ModemState =
    known === undefined || NEWS.indexOf(what) > NEWS.indexOf(known) ? { ...state, news: what } : state;
  if (state.task !== undefined || known !== undefined) return [more, []];
  if (now - state.lookedAt < timing.gapMs) return [more, [{ type: "wait", ms: timing.gapMs }]];
  return attend(state, what);
}
