import { HanwayError } from "../../base/error.ts";
import { type Deframed, deframe } from "./deframer.ts";
import { ackFrame, allTimersOff, errorFrame, stopAck } from "./effects.ts";
import { type AshFrame, decodeAsh } from "./frame.ts";
import { type AshEffect, type AshSettings, type AshState, type AshStep, ashState } from "./state.ts";
import { acknowledge, pump, resend } from "./transmit.ts";

/** Octets have come over the line. */
export function received(state: AshState, bytes: Uint8Array, now: number, settings: AshSettings): AshStep {
  const [deframer, items] = deframe(state.deframer, bytes);
  let next: AshState = { ...state, deframer };
  const effects: AshEffect[] = [];
  for (const item of items) {
    const [after, more] = handleItem(next, item, now, settings);
    next = after;
    effects.push(...more);
  }
  return [next, effects];
}

function handleItem(state: AshState, item: Deframed, now: number, settings: AshSettings): AshStep {
  if (item.type === "spoilt") return reject(state);
  let frame: AshFrame;
  try {
    frame = decodeAsh(item.bytes);
  } catch (error) {
    if (error instanceof HanwayError) return reject(state);
    throw error;
  }
  return handleFrame(state, frame, now, settings);
}

function handleFrame(state: AshState, frame: AshFrame, now: number, settings: AshSettings): AshStep {
  if (frame.type === "rst") {
    if (state.mode === "resetting") return [state, []];
    return [
      { ...ashState(settings), mode: "resetting", deframer: state.deframer },
      [...allTimersOff, { type: "reset" }],
    ];
  }
  if (state.mode === "failed") return [state, [errorFrame(state.errorCode)]];
  if (state.mode !== "connected") return [state, []];
  if (frame.type === "rstack" || frame.type === "error") return reject(state);
  const acknowledged = acknowledge(state, frame.ackNumber, now, settings);
  if (!acknowledged) return reject(state);
  const [after, effects] = acknowledged;
  const [next, more] =
    frame.type === "data" ? receiveData(after, frame, settings) : receiveShort(after, frame, now, settings);
  const [last, sent] = pump(next, now, settings);
  return [last, [...effects, ...more, ...sent]];
}

function receiveData(
  state: AshState,
  frame: Extract<AshFrame, { type: "data" }>,
  settings: AshSettings,
): AshStep {
  if (frame.frameNumber === state.nextExpected) {
    const next: AshState = {
      ...state,
      nextExpected: (state.nextExpected + 1) & 7,
      rejecting: false,
      ackOwed: true,
    };
    return [
      next,
      [
        { type: "timer", timer: "ack", ms: settings.ackDelayMs },
        { type: "deliver", data: frame.data },
      ],
    ];
  }
  // A resent frame that was already taken only needs its acknowledgement again.
  if (frame.resent) return [{ ...state, ackOwed: false }, [...stopAck, ackFrame(state)]];
  return reject(state);
}

function receiveShort(
  state: AshState,
  frame: Extract<AshFrame, { type: "ack" | "nak" }>,
  now: number,
  settings: AshSettings,
): AshStep {
  const next: AshState = { ...state, hostNotReady: frame.notReady };
  const effects: AshEffect[] = [];
  if (frame.notReady !== state.hostNotReady || frame.notReady)
    effects.push({
      type: "timer",
      timer: "not-ready",
      ms: frame.notReady ? settings.notReadyMs : undefined,
    });
  if (frame.type === "ack") return [next, effects];
  const [resent, more] = resend(next, now);
  return [resent, [...effects, ...more]];
}

/** Asks once for what was spoilt or is missing (UG101 "reject condition"). */
function reject(state: AshState): AshStep {
  if (state.mode === "failed") return [state, [errorFrame(state.errorCode)]];
  if (state.mode !== "connected" || state.rejecting) return [state, []];
  return [
    { ...state, rejecting: true, ackOwed: false },
    [
      ...stopAck,
      { type: "write", frame: { type: "nak", ackNumber: state.nextExpected, notReady: false } },
      { type: "note", what: "rejected" },
    ],
  ];
}
