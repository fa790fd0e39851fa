import { ASH_VERSION } from "./frame.ts";
import type { AshEffect, AshState } from "./state.ts";

export const allTimersOff: readonly AshEffect[] = (["resend", "ack", "not-ready"] as const).map((timer) => ({
  type: "timer",
  timer,
  ms: undefined,
}));

export const stopAck: readonly AshEffect[] = [{ type: "timer", timer: "ack", ms: undefined }];

export function ackFrame(state: AshState): AshEffect {
  return { type: "write", frame: { type: "ack", ackNumber: state.nextExpected, notReady: false } };
}

export function errorFrame(code: number): AshEffect {
  return { type: "write", frame: { type: "error", version: ASH_VERSION, code } };
}
