import { stopAck } from "./effects.ts";
import type { AshFrame } from "./frame.ts";
import type { AshEffect, AshInput, AshSettings, AshState, AshStep } from "./state.ts";

/** An EZSP frame for the host; callbacks that find the queue full are lost. */
export function send(
  state: AshState,
  input: Extract<AshInput, { type: "send" }>,
  settings: AshSettings,
): AshStep {
  if (state.mode !== "connected") return [state, input.callback ? [{ type: "lost" }] : []];
  if (input.callback && state.queue.length >= settings.maxQueued) return [state, [{ type: "lost" }]];
  const queue = [...state.queue, { data: input.data, callback: input.callback }];
  return pump({ ...state, queue }, input.now, settings);
}

/** Moves waiting frames into the window; answers may overtake callbacks while the host is not ready for those. */
export function pump(state: AshState, now: number, settings: AshSettings): AshStep {
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

/** Takes off what the host has acknowledged; undefined for a number outside the window. */
export function acknowledge(
  state: AshState,
  ackNumber: number,
  now: number,
  settings: AshSettings,
): AshStep | undefined {
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

/** Everything that is not acknowledged goes out once more. */
export function resend(state: AshState, now: number): AshStep {
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
