import { ackFrame, allTimersOff, errorFrame } from "./effects.ts";
import { ASH_VERSION, ERROR_UNACKNOWLEDGED } from "./frame.ts";
import { received } from "./receive.ts";
import {
  type AshInput,
  type AshSettings,
  type AshState,
  type AshStep,
  type AshTimer,
  ashState,
  defaultAshSettings,
} from "./state.ts";
import { pump, resend, send } from "./transmit.ts";

/**
 * The NCP's side of ASH (UG101) as a pure step. The NCP keeps its own resend timer, because hosts in use acknowledge
 * only what they hear and never ask again.
 */
export function stepAsh(
  state: AshState,
  input: AshInput,
  settings: AshSettings = defaultAshSettings,
): AshStep {
  switch (input.type) {
    case "received":
      return received(state, input.bytes, input.now, settings);
    case "send":
      return send(state, input, settings);
    case "timer":
      return timer(state, input.timer, input.now, settings);
    case "started":
      return [
        { ...ashState(settings), mode: "connected", deframer: state.deframer },
        [
          ...allTimersOff,
          { type: "write", frame: { type: "rstack", version: ASH_VERSION, code: input.code } },
        ],
      ];
    case "failed":
      return fail(state, input.code, settings);
    case "unplugged":
      return [ashState(settings), [...allTimersOff]];
  }
}

function timer(state: AshState, which: AshTimer, now: number, settings: AshSettings): AshStep {
  if (state.mode === "failed") return repeatError(state, settings);
  if (state.mode !== "connected") return [state, []];
  switch (which) {
    case "ack":
      return state.ackOwed ? [{ ...state, ackOwed: false }, [ackFrame(state)]] : [state, []];
    case "not-ready":
      return pump({ ...state, hostNotReady: false }, now, settings);
    case "resend": {
      if (state.unacknowledged.length === 0) return [state, []];
      const timeouts = state.timeouts + 1;
      if (timeouts >= settings.maxTimeouts) return fail(state, ERROR_UNACKNOWLEDGED, settings);
      const ackTimeoutMs = Math.min(settings.ackTimeoutMs.max, state.ackTimeoutMs * 2);
      return resend({ ...state, timeouts, ackTimeoutMs }, now);
    }
  }
}

/** The NCP says what went wrong and hears nothing but RST from here on. */
function fail(state: AshState, code: number, settings: AshSettings): AshStep {
  return [
    {
      ...ashState(settings),
      mode: "failed",
      deframer: state.deframer,
      errorCode: code,
      errorsLeft: settings.errorRepeats,
    },
    [
      ...allTimersOff,
      errorFrame(code),
      { type: "timer", timer: "resend", ms: settings.ackTimeoutMs.max },
      { type: "note", what: "failed" },
    ],
  ];
}

function repeatError(state: AshState, settings: AshSettings): AshStep {
  if (state.errorsLeft === 0) return [state, []];
  const errorsLeft = state.errorsLeft - 1;
  return [
    { ...state, errorsLeft },
    [
      errorFrame(state.errorCode),
      {
        type: "timer",
        timer: "resend",
        ms: errorsLeft > 0 ? settings.ackTimeoutMs.max : undefined,
      },
    ],
  ];
}
