/** MQTT protocol level as it stands in CONNECT: 5, or 4 for MQTT 3.1.1. */
export type MqttLevel = 4 | 5;

export interface LinkTiming {
  /** Ceiling of the first back-off, in milliseconds; it doubles with every round of failures. */
  backOffMs: number;
  /** Ceiling that the back-off never passes, in milliseconds. */
  backOffMaxMs: number;
  /** How long a link must hold before its failures are forgotten, in milliseconds. */
  steadyMs: number;
}

export const LINK_TIMING: LinkTiming = { backOffMs: 1_000, backOffMaxMs: 60_000, steadyMs: 30_000 };

export interface LinkState {
  readonly phase: "stopped" | "connecting" | "subscribing" | "up" | "waiting";
  /** Place in the list of brokers of the one in use or next to try. */
  readonly broker: number;
  /** The level to speak with each broker. */
  readonly levels: readonly MqttLevel[];
  /** Brokers tried in vain since the link last held. */
  readonly failures: number;
}

export type LinkInput =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "timeout" }
  /** The way out of the machine is another one: what is open hangs on the old. */
  | { readonly type: "renew" }
  /** CONNACK with success. */
  | { readonly type: "accepted" }
  | { readonly type: "subscribed" }
  /**
   * The connection is over. `unanswered`: it was open, and ended without a CONNACK; `level`: the CONNACK refused the
   * protocol level. Both are how brokers turn down an MQTT version they do not speak.
   */
  | { readonly type: "ended"; readonly cause: "unanswered" | "level" | "other" };

export type LinkEffect =
  | { readonly type: "open"; readonly broker: number; readonly level: MqttLevel }
  | { readonly type: "close" }
  /** Close without a farewell: it would go nowhere. */
  | { readonly type: "hang-up" }
  | { readonly type: "subscribe" }
  | { readonly type: "announce"; readonly up: boolean }
  /** Wait for a share of this time drawn evenly from 0 to 1 (full jitter), then `timeout`. */
  | { readonly type: "back-off"; readonly ceilingMs: number }
  | { readonly type: "timer"; readonly ms: number };

export function initialLink(brokers: number): LinkState {
  return { phase: "stopped", broker: 0, levels: Array.from({ length: brokers }, () => 5), failures: 0 };
}

/**
 * The broker link as a pure machine: MQTT 5 first and 3.1.1 with a broker that turns it down, the brokers in order, the
 * first one again after a link that held, and an exponential back-off with full jitter between rounds.
 */
export function linkStep(
  state: LinkState,
  input: LinkInput,
  timing: LinkTiming,
): [LinkState, readonly LinkEffect[]] {
  switch (input.type) {
    case "start":
      return state.phase === "stopped" ? open({ ...state, failures: 0 }) : [state, []];
    case "stop":
      return stop(state);
    case "timeout":
      if (state.phase === "waiting") return open(state);
      return state.phase === "up" ? [{ ...state, failures: 0 }, []] : [state, []];
    case "renew":
      return renew(state);
    case "accepted":
      return state.phase === "connecting"
        ? [{ ...state, phase: "subscribing" }, [{ type: "subscribe" }]]
        : [state, []];
    case "subscribed":
      if (state.phase !== "subscribing") return [state, []];
      return [
        { ...state, phase: "up" },
        [
          { type: "timer", ms: timing.steadyMs },
          { type: "announce", up: true },
        ],
      ];
    case "ended":
      return ended(state, input.cause, timing);
  }
}

function open(state: LinkState): [LinkState, readonly LinkEffect[]] {
  const level = state.levels[state.broker] ?? 5;
  return [{ ...state, phase: "connecting" }, [{ type: "open", broker: state.broker, level }]];
}

/** At once, and with a clean sheet: the failures were those of the old way. */
function renew(state: LinkState): [LinkState, readonly LinkEffect[]] {
  if (state.phase === "stopped") return [state, []];
  const down: LinkEffect[] = state.phase === "up" ? [{ type: "announce", up: false }] : [];
  const closed: LinkEffect[] = state.phase === "waiting" ? [] : [...down, { type: "hang-up" }];
  const next: LinkState = { ...state, phase: "waiting", broker: 0, failures: 0 };
  return [next, [...closed, { type: "timer", ms: 0 }]];
}

function stop(state: LinkState): [LinkState, readonly LinkEffect[]] {
  if (state.phase === "stopped") return [state, []];
  const down: LinkEffect[] = state.phase === "up" ? [{ type: "announce", up: false }] : [];
  return [{ ...state, phase: "stopped", broker: 0 }, [...down, { type: "close" }]];
}

function ended(
  state: LinkState,
  cause: "unanswered" | "level" | "other",
  timing: LinkTiming,
): [LinkState, readonly LinkEffect[]] {
  if (state.phase === "stopped" || state.phase === "waiting") return [state, []];
  const level = state.levels[state.broker] ?? 5;
  if (state.phase === "connecting" && cause !== "other") {
    const other: MqttLevel = level === 5 ? 4 : 5;
    const levels = state.levels.map((old, at) => (at === state.broker ? other : old));
    // A broker that says no to MQTT 5 is asked for 3.1.1 at once, but one that speaks neither must not be hammered.
    if (level === 5) {
      const wait: LinkEffect =
        cause === "level" ? { type: "timer", ms: 0 } : { type: "back-off", ceilingMs: timing.backOffMs };
      return [{ ...state, phase: "waiting", levels }, [wait]];
    }
    return retry({ ...state, levels }, timing, []);
  }
  const down: LinkEffect[] = state.phase === "up" ? [{ type: "announce", up: false }] : [];
  return retry(state, timing, down);
}

function retry(
  state: LinkState,
  timing: LinkTiming,
  first: readonly LinkEffect[],
): [LinkState, readonly LinkEffect[]] {
  const brokers = state.levels.length;
  const held = state.phase === "up" && state.failures === 0;
  const rounds = Math.floor(state.failures / brokers);
  const ceilingMs = Math.min(timing.backOffMaxMs, timing.backOffMs * 2 ** Math.min(rounds, 30));
  const broker = held ? 0 : (state.broker + 1) % brokers;
  // A broker may have been asked for 3.1.1 for no better reason than a network that failed at the wrong moment.
  const levels = state.phase === "up" ? state.levels.map((): MqttLevel => 5) : state.levels;
  return [
    { ...state, phase: "waiting", broker, levels, failures: state.failures + 1 },
    [...first, { type: "back-off", ceilingMs }],
  ];
}
