import { type Cure, LADDER_BOTTOM, type Ladder, type LadderSettings, type Trouble } from "./ladder.ts";
import type { Registration } from "./registration.ts";
import type { SimState } from "./sim.ts";

/** What a person should know is wrong; the sentences are in fault.ts. */
export type ModemFault =
  | "port"
  | "deaf"
  | "no-sim"
  | "sim-failure"
  | "puk"
  | "pin-missing"
  | "pin-refused"
  | "pin-unsure"
  | "pin-withheld"
  | "denied"
  | "no-network"
  | "bearer";

export type ModemPhase =
  | "stopped"
  | "opening"
  | "waking"
  | "sim"
  | "unlocking"
  | "network"
  | "bearer"
  /** A reset is under way, or the modem starts after one. */
  | "curing"
  /** Given up for a while. */
  | "resting";

/** Work on the modem that takes a while; each ends in one input. */
export type ModemTask = "wake" | "sim" | "unlock" | "look" | "bearer" | "soft" | "hard";

export type UnlockOutcome = "accepted" | "refused" | "unsure" | "withheld" | "missing";

export interface ModemTiming extends LadderSettings {
  /** Between attempts to open the port, and how many make a trouble. */
  openRetryMs: number;
  openTries: number;
  /** Between looks at a SIM that is not ready, and how many make a trouble. */
  simMs: number;
  simTries: number;
  /** Between looks while there is no network, and while there is. */
  searchMs: number;
  watchMs: number;
  /** Least time between two looks that the modem's own news ask for. */
  gapMs: number;
  /** Without a network this long the modem is reset. */
  noNetworkMs: number;
  /** Start of a modem after a reset. */
  bootMs: number;
  /** On the network this long, everything before is forgiven. */
  steadyMs: number;
  /** Between attempts at a bearer. */
  bearerMs: number;
}

export const MODEM_TIMING: ModemTiming = {
  hard: false,
  restMs: 10 * 60_000,
  restMaxMs: 4 * 3_600_000,
  openRetryMs: 5_000,
  openTries: 6,
  simMs: 10_000,
  simTries: 6,
  searchMs: 10_000,
  watchMs: 60_000,
  gapMs: 2_000,
  noNetworkMs: 10 * 60_000,
  bootMs: 20_000,
  steadyMs: 5 * 60_000,
  bearerMs: 30_000,
};

/** What the modem says unasked; the later in this list, the more has to be done again. */
export const NEWS = ["network", "sim", "started"] as const;
export type News = (typeof NEWS)[number];

export interface ModemState {
  readonly phase: ModemPhase;
  /** Grows with every opening of the port; what older ones still report is ignored. */
  readonly run: number;
  readonly fault: ModemFault | undefined;
  readonly ladder: Ladder;
  /** Vain attempts in this phase. */
  readonly tries: number;
  readonly task: ModemTask | undefined;
  /** News that wait for the end of a task or for the least time between two looks. */
  readonly news: News | undefined;
  readonly lookedAt: number;
  readonly registered: boolean;
  readonly registeredSince: number;
  /** When the modem is reset if there is still no network. */
  readonly searchUntil: number;
  readonly bearer: boolean;
}

export type ModemInput =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "timer" }
  | { readonly type: "opened"; readonly run: number }
  | { readonly type: "unopened"; readonly run: number }
  /** The port closed by itself. */
  | { readonly type: "lost"; readonly run: number }
  /** The task found nobody who answers. */
  | { readonly type: "deaf"; readonly run: number }
  | { readonly type: "woken"; readonly run: number }
  | { readonly type: "sim"; readonly run: number; readonly sim: SimState }
  | { readonly type: "unlocked"; readonly run: number; readonly outcome: UnlockOutcome }
  | {
      readonly type: "looked";
      readonly run: number;
      readonly sim: SimState;
      readonly registration: Registration;
      /** Undefined where no bearer is wanted. */
      readonly bearer: boolean | undefined;
    }
  | { readonly type: "dialled"; readonly run: number; readonly up: boolean }
  | { readonly type: "cured"; readonly run: number }
  | { readonly type: "news"; readonly run: number; readonly what: News };

export type ModemEffect =
  | { readonly type: "open" }
  | { readonly type: "close" }
  | { readonly type: "task"; readonly task: ModemTask }
  | { readonly type: "wait"; readonly ms: number }
  | { readonly type: "cure"; readonly cure: Cure; readonly trouble: Trouble; readonly restMs: number };

export type ModemStep = [ModemState, readonly ModemEffect[]];

export const MODEM_STOPPED: ModemState = {
  phase: "stopped",
  run: 0,
  fault: undefined,
  ladder: LADDER_BOTTOM,
  tries: 0,
  task: undefined,
  news: undefined,
  lookedAt: 0,
  registered: false,
  registeredSince: 0,
  searchUntil: 0,
  bearer: false,
};
