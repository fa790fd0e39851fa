import { HanwayError } from "../../base/error.ts";
import { type Deframed, deframe } from "./deframer.ts";
import { ASH_VERSION, type AshFrame, decodeAsh, ERROR_UNACKNOWLEDGED } from "./frame.ts";
import {
  type AshEffect,
  type AshInput,
  type AshSettings,
  type AshState,
  type AshTimer,
  ashState,
  defaultAshSettings,
} from "./state.ts";

type Step = [AshState, AshEffect[]];

const allTimersOff: readonly AshEffect[] = (["resend", "ack", "not-ready"] as const).map((timer) => ({
  type: "timer",
  timer,
  ms: undefined,
}));

/**
 * The NCP's side of ASH (UG101) as a pure step. The NCP keeps its own resend timer, because hosts in use acknowledge
 * only what they hear and never ask again.
 */
export function stepAsh(state: AshState, input: AshInput, settings: AshSettings = defaultAshSettings): Step {
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

function received(state: AshState, bytes: Uint8Array, now: number, settings: AshSettings): Step {
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

function handleItem(state: AshState, item: Deframed, now: number, settings: AshSettings): Step {
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

function handleFrame(state: AshState, frame: AshFrame, now: number, settings: AshSettings): Step {
  if (frame.type === "rst") {
    if (state.mode === "resetting") return [state, []];
    return [
      { ...ashState(settings), mode: "resetting", deframer: state.deframer },
      [...allTimersOff, { type: "reset" }],
    ];
  }
  if (state.mode === "failed") {
    return [
      state,
      [{ type: "write", frame: { type: "error", version: ASH_VERSION, code: state.errorCode } }],
    ];
  }
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

/** Takes off what the host has acknowledged; undefined for a number outside the window. */
function acknowledge(
  state: AshState,
  ackNumber: number,
  now: number,
  settings: AshSettings,
): Step | undefined {
  const outstanding = (state.nextToSend - ackNumber) & 7;
  if (outstanding > state.unacknowledged.length) return undefined;
  const done = state.unacknowledged.length - outstanding;
  if (done === 0) return [state, []];
  const last = state.unacknowledged[done - 1];
  // Frames that went out more than once say nothing about the line's speed (Karn's rule).
  const measured =
    last && !last.resent ? Math.floor((state.ackTimeoutMs * 7) / 8 + (now - last.sentAt) / 2) : undefined;
  const { min, max } = settings.ackTimeoutMs;
  const ackTimeoutMs = measured === undefined ? state.ackTimeoutMs : Math.min(max, Math.max(min, measured));
  const unacknowledged = state.unacknowledged.slice(done);
  const ms = unacknowledged.length > 0 ? ackTimeoutMs : undefined;
  return [{ ...state, unacknowledged, ackTimeoutMs, timeouts: 0 }, [{ type: "timer", timer: "resend", ms }]];
}

function receiveData(
  state: AshState,
  frame: Extract<AshFrame, { type: "data" }>,
  settings: AshSettings,
): Step {
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
  if (frame.resent) return [{ ...state, ackOwed: false }, [...stopAck, ack(state)]];
  return reject(state);
}

function receiveShort(
  state: AshState,
  frame: Extract<AshFrame, { type: "ack" | "nak" }>,
  now: number,
  settings: AshSettings,
): Step {
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

const stopAck: readonly AshEffect[] = [{ type: "timer", timer: "ack", ms: undefined }];

function ack(state: AshState): AshEffect {
  return { type: "write", frame: { type: "ack", ackNumber: state.nextExpected, notReady: false } };
}

function reject(state: AshState): Step {
  if (state.mode === "failed")
    return [
      state,
      [{ type: "write", frame: { type: "error", version: ASH_VERSION, code: state.errorCode } }],
    ];
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

function resend(state: AshState, now: number): Step {
  if (state.unacknowledged.length === 0) return [state, []];
  const effects: AshEffect[] = state.unacknowledged.map(({ frameNumber, data }) => ({
    type: "write",
    frame: { type: "data", frameNumber, ackNumber: state.nextExpected, resent: true, data },
  }));
  effects.push({ type: "timer", timer: "resend", ms: state.ackTimeoutMs }, ...stopAck);
  effects.push({ type: "note", what: "resend" });
  const unacknowledged = state.unacknowledged.map((entry) => ({ ...entry, sentAt: now, resent: true }));
  return [{ ...state, unacknowledged, ackOwed: false }, effects];
}

function send(state: AshState, input: Extract<AshInput, { type: "send" }>, settings: AshSettings): Step {
  if (state.mode !== "connected") return [state, input.callback ? [{ type: "lost" }] : []];
  if (input.callback && state.queue.length >= settings.maxQueued) return [state, [{ type: "lost" }]];
  const queue = [...state.queue, { data: input.data, callback: input.callback }];
  return pump({ ...state, queue }, input.now, settings);
}

/** Moves waiting frames into the window; answers may overtake callbacks while the host is not ready for those. */
function pump(state: AshState, now: number, settings: AshSettings): Step {
  const effects: AshEffect[] = [];
  const queue = [...state.queue];
  const unacknowledged = [...state.unacknowledged];
  let { nextToSend, ackOwed } = state;
  while (unacknowledged.length < settings.window) {
    const at = state.hostNotReady ? queue.findIndex((entry) => !entry.callback) : 0;
    const [entry] = at < 0 ? [] : queue.splice(at, 1);
    if (!entry) break;
    const frame: AshFrame = {
      type: "data",
      frameNumber: nextToSend,
      ackNumber: state.nextExpected,
      resent: false,
      data: entry.data,
    };
    effects.push({ type: "write", frame });
    if (unacknowledged.length === 0) effects.push({ type: "timer", timer: "resend", ms: state.ackTimeoutMs });
    unacknowledged.push({ ...entry, frameNumber: nextToSend, sentAt: now, resent: false });
    nextToSend = (nextToSend + 1) & 7;
    if (ackOwed) effects.push(...stopAck);
    ackOwed = false;
  }
  return [{ ...state, queue, unacknowledged, nextToSend, ackOwed }, effects];
}

function timer(state: AshState, which: AshTimer, now: number, settings: AshSettings): Step {
  if (state.mode === "failed") return repeatError(state, settings);
  if (state.mode !== "connected") return [state, []];
  switch (which) {
    case "ack":
      return state.ackOwed ? [{ ...state, ackOwed: false }, [ack(state)]] : [state, []];
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
function fail(state: AshState, code: number, settings: AshSettings): Step {
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
      { type: "write", frame: { type: "error", version: ASH_VERSION, code } },
      { type: "timer", timer: "resend", ms: settings.ackTimeoutMs.max },
      { type: "note", what: "failed" },
    ],
  ];
}

function repeatError(state: AshState, settings: AshSettings): Step {
  if (state.errorsLeft === 0) return [state, []];
  const errorsLeft = state.errorsLeft - 1;
  return [
    { ...state, errorsLeft },
    [
      { type: "write", frame: { type: "error", version: ASH_VERSION, code: state.errorCode } },
      {
        type: "timer",
        timer: "resend",
        ms: errorsLeft > 0 ? settings.ackTimeoutMs.max : undefined,
      },
    ],
  ];
}
