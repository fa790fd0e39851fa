/** How a device gets onto a network and back onto it, as a pure reducer. */

/** The ways back are tried in turn: twice with the network key, once by link key, once as a newcomer. */
const WAYS_BACK = ["secured", "secured", "unsecured", "join"] as const;
const BY_LINK_KEY = WAYS_BACK.indexOf("unsecured");
export type Way = (typeof WAYS_BACK)[number];

export type JoinState =
  | { at: "off" }
  /** Between two attempts. */
  | { at: "waiting"; attempt: number; known: boolean }
  | { at: "scanning"; attempt: number; known: boolean; way: Way }
  | { at: "associating"; attempt: number; known: boolean }
  | { at: "rejoining"; attempt: number; way: "secured" | "unsecured" }
  | { at: "awaiting-key"; attempt: number; known: boolean }
  | { at: "joined" };

export type JoinInput =
  /** Power on; `known` when a network was stored. */
  | { type: "start"; known: boolean }
  | { type: "stop" }
  /** The timer that was asked for last has run out. */
  | { type: "timeout" }
  /** The scan is over; `found` when a network fit for the way was heard. */
  | { type: "scanned"; found: boolean }
  | { type: "associated" }
  | { type: "refused" }
  | { type: "network-key" }
  | { type: "rejoined" }
  | { type: "parent-lost" }
  /** The network goes on under another network key. */
  | { type: "network-key-lost" }
  | { type: "left"; rejoin: boolean };

export type JoinEffect =
  | { do: "scan"; way: Way }
  | { do: "associate" }
  | { do: "rejoin"; secured: boolean }
  | { do: "timer"; ms: number }
  | { do: "stop-timer" }
  | { do: "forget-network" }
  | { do: "came-up"; how: "joined" | "rejoined" | "resumed" }
  | { do: "went-down" };

export interface JoinTimes {
  /** First pause between attempts; it doubles up to the longest. */
  retryMs: number;
  /** Of a newcomer. */
  longestRetryMs: number;
  /** Of a device that looks for the network it knows. */
  longestRejoinMs: number;
  /** How long an answer of the parent is waited for. */
  answerMs: number;
  /** apsSecurityTimeOutPeriod: how long the network key is waited for. */
  keyMs: number;
}

export type JoinStep = [JoinState, JoinEffect[]];

function scan(attempt: number, known: boolean): JoinStep {
  const way: Way = known ? (WAYS_BACK[attempt % WAYS_BACK.length] ?? "join") : "join";
  return [{ at: "scanning", attempt, known, way }, [{ do: "scan", way }]];
}

function lookForNetwork(attempt: number): JoinStep {
  const [next, effects] = scan(attempt, true);
  return [next, [{ do: "went-down" }, ...effects]];
}

function wait(attempt: number, known: boolean, times: JoinTimes): JoinStep {
  const longest = known ? times.longestRejoinMs : times.longestRetryMs;
  const ms = Math.min(times.retryMs * 2 ** Math.min(attempt, 16), longest);
  return [{ at: "waiting", attempt: attempt + 1, known }, [{ do: "timer", ms }]];
}

export function reduceJoin(state: JoinState, input: JoinInput, times: JoinTimes): JoinStep {
  if (input.type === "stop") return [{ at: "off" }, [{ do: "stop-timer" }]];
  if (input.type === "left" && state.at !== "off") {
    const forget: JoinEffect[] = input.rejoin ? [] : [{ do: "forget-network" }];
    const [next, effects] = wait(0, input.rejoin, times);
    return [next, [{ do: "went-down" }, ...forget, ...effects]];
  }
  switch (state.at) {
    case "off":
      if (input.type !== "start") break;
      if (input.known) return [{ at: "joined" }, [{ do: "came-up", how: "resumed" }]];
      return scan(0, false);
    case "waiting":
      if (input.type === "timeout") return scan(state.attempt, state.known);
      break;
    case "scanning":
      if (input.type === "scanned") return scanned(state, input.found, times);
      break;
    case "associating":
      if (input.type === "associated")
        return [{ ...state, at: "awaiting-key" }, [{ do: "timer", ms: times.keyMs }]];
      if (input.type === "refused" || input.type === "timeout")
        return wait(state.attempt, state.known, times);
      break;
    case "rejoining":
      if (input.type === "rejoined" && state.way === "secured")
        return [{ at: "joined" }, [{ do: "stop-timer" }, { do: "came-up", how: "rejoined" }]];
      if (input.type === "rejoined")
        return [
          { at: "awaiting-key", attempt: state.attempt, known: true },
          [{ do: "timer", ms: times.keyMs }],
        ];
      if (input.type === "refused" || input.type === "timeout") return wait(state.attempt, true, times);
      break;
    case "awaiting-key":
      if (input.type === "network-key")
        return [
          { at: "joined" },
          [{ do: "stop-timer" }, { do: "came-up", how: state.known ? "rejoined" : "joined" }],
        ];
      if (input.type === "timeout") return wait(state.attempt, state.known, times);
      break;
    case "joined":
      if (input.type === "parent-lost") return lookForNetwork(0);
      if (input.type === "network-key-lost") return lookForNetwork(BY_LINK_KEY);
      break;
  }
  return [state, []];
}

/** Where nothing is heard the device comes back later, and less and less often. */
function scanned(state: JoinState & { at: "scanning" }, found: boolean, times: JoinTimes): JoinStep {
  const { attempt, known, way } = state;
  if (!found) return wait(attempt, known, times);
  if (way === "join")
    // A newcomer gives up what it knew: from here on only a full join brings it in.
    return [
      { at: "associating", attempt, known: false },
      [{ do: "timer", ms: times.answerMs }, { do: "associate" }],
    ];
  return [
    { at: "rejoining", attempt, way },
    [
      { do: "timer", ms: times.answerMs },
      { do: "rejoin", secured: way === "secured" },
    ],
  ];
}
