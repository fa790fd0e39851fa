/**
 * The life of the link to the radio, pure: adapters are one-shot, so every loss leads to a new one, for ever.
 * Each attempt has a number; what a dead adapter still reports carries an old number and is ignored, which is
 * also how the one to three `disconnected` events of a single loss count once.
 */
export interface SupervisorSettings {
  /** Back-off before attempt n after a loss: `firstBackoffMs` doubled n times, never above `maxBackoffMs`. */
  firstBackoffMs: number;
  maxBackoffMs: number;
  /** Part of the back-off, 0 to 1, that chance may take away. */
  jitter: number;
  /** Attempts to wake a radio that does not answer at the very first start, before start() gives up. */
  firstAttempts: number;
}

export type SupervisorPhase = "stopped" | "connecting" | "up" | "waiting";

export interface Supervisor {
  readonly phase: SupervisorPhase;
  readonly attempt: number;
  /** Failures in a row. */
  readonly failures: number;
  /** True once the network was up since start. */
  readonly started: boolean;
}

export type SupervisorInput =
  | { type: "start" }
  | { type: "stop" }
  | { type: "opened"; attempt: number }
  /** The attempt could not get the network up. `port`: the port itself cannot be opened. */
  | { type: "failed"; attempt: number; kind: "port" | "radio" | "fatal"; reason: string }
  | { type: "lost"; attempt: number; reason: string }
  /** The back-off is over; `attempt` is the one before it. */
  | { type: "retry"; attempt: number };

export type SupervisorEffect =
  | { type: "connect"; attempt: number }
  | { type: "dispose"; attempt: number }
  | { type: "wait"; attempt: number; ms: number }
  | { type: "announce"; state: "starting" | "up" | "lost" | "stopped"; reason?: string }
  /** The first start is given up; the supervisor is stopped. */
  | { type: "give-up"; kind: "port" | "radio" | "fatal"; reason: string };

type Step = [Supervisor, SupervisorEffect[]];

export const SUPERVISOR_STOPPED: Supervisor = { phase: "stopped", attempt: 0, failures: 0, started: false };

/** `chance` is a number in [0, 1) for the jitter. */
export function supervise(
  state: Supervisor,
  input: SupervisorInput,
  settings: SupervisorSettings,
  chance: number,
): Step {
  switch (input.type) {
    case "start":
      if (state.phase !== "stopped") return [state, []];
      return [
        { phase: "connecting", attempt: state.attempt + 1, failures: 0, started: false },
        [
          { type: "announce", state: "starting" },
          { type: "connect", attempt: state.attempt + 1 },
        ],
      ];
    case "stop":
      if (state.phase === "stopped") return [state, []];
      return [
        { ...state, phase: "stopped" },
        [
          { type: "dispose", attempt: state.attempt },
          { type: "announce", state: "stopped" },
        ],
      ];
    case "opened":
      if (state.phase !== "connecting" || input.attempt !== state.attempt) return [state, []];
      return [{ ...state, phase: "up", failures: 0, started: true }, [{ type: "announce", state: "up" }]];
    case "failed":
      if (state.phase !== "connecting" || input.attempt !== state.attempt) return [state, []];
      return failed(state, input, settings, chance);
    case "lost":
      if (state.phase !== "up" || input.attempt !== state.attempt) return [state, []];
      return [
        { ...state, phase: "waiting", failures: 1 },
        [
          { type: "dispose", attempt: state.attempt },
          { type: "announce", state: "lost", reason: input.reason },
          { type: "wait", attempt: state.attempt, ms: backoff(0, settings, chance) },
        ],
      ];
    case "retry":
      if (state.phase !== "waiting" || input.attempt !== state.attempt) return [state, []];
      return [
        { ...state, phase: "connecting", attempt: state.attempt + 1 },
        [{ type: "connect", attempt: state.attempt + 1 }],
      ];
  }
}

function failed(
  state: Supervisor,
  input: SupervisorInput & { type: "failed" },
  settings: SupervisorSettings,
  chance: number,
): Step {
  const failures = state.failures + 1;
  const dispose: SupervisorEffect = { type: "dispose", attempt: state.attempt };
  const first = !state.started && (input.kind !== "radio" || failures >= settings.firstAttempts);
  if (first) {
    return [
      { ...state, phase: "stopped", failures },
      [
        dispose,
        { type: "announce", state: "stopped", reason: input.reason },
        { type: "give-up", kind: input.kind, reason: input.reason },
      ],
    ];
  }
  return [
    { ...state, phase: "waiting", failures },
    [dispose, { type: "wait", attempt: state.attempt, ms: backoff(failures, settings, chance) }],
  ];
}

function backoff(failures: number, settings: SupervisorSettings, chance: number): number {
  const full = Math.min(settings.maxBackoffMs, settings.firstBackoffMs * 2 ** Math.min(failures, 16));
  return Math.round(full * (1 - settings.jitter * chance));
}
