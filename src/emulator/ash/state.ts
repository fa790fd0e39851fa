import { type DeframerState, emptyDeframer } from "./deframer.ts";
import type { AshFrame } from "./frame.ts";

/** Limits of the NCP's side of the link. Milliseconds; UG101 section 5 and what real sticks were seen to do. */
export interface AshSettings {
  /** DATA frames sent and not yet acknowledged, at most. */
  window: number;
  /** Wait for an acknowledgement: at first, and the bounds of the adapted value. */
  ackTimeoutMs: { first: number; min: number; max: number };
  /** Unanswered resends in a row before the NCP gives up (about 20 s from the shortest wait). */
  maxTimeouts: number;
  /** How long a received DATA frame waits for a DATA frame that can carry its acknowledgement. */
  ackDelayMs: number;
  /** Callbacks are held this long at most after the host said "not ready". */
  notReadyMs: number;
  /** Frames waiting behind the window; callbacks beyond are lost, as in a real NCP. */
  maxQueued: number;
  /** Times that the ERROR frame is said again without being asked. */
  errorRepeats: number;
}

export const defaultAshSettings: AshSettings = {
  window: 5,
  ackTimeoutMs: { first: 1600, min: 400, max: 3200 },
  maxTimeouts: 8,
  ackDelayMs: 20,
  notReadyMs: 1000,
  maxQueued: 128,
  errorRepeats: 3,
};

interface Outgoing {
  readonly data: Uint8Array;
  readonly callback: boolean;
}

interface Unacknowledged extends Outgoing {
  readonly frameNumber: number;
  readonly sentAt: number;
  readonly resent: boolean;
}

export interface AshState {
  /** `idle` until the first RST, `resetting` from RST to RSTACK, `failed` after an ERROR. */
  readonly mode: "idle" | "resetting" | "connected" | "failed";
  readonly deframer: DeframerState;
  readonly nextToSend: number;
  readonly nextExpected: number;
  readonly unacknowledged: readonly Unacknowledged[];
  readonly queue: readonly Outgoing[];
  /** A bad frame was answered with NAK; nothing more is said until the right frame comes (UG101 "reject condition"). */
  readonly rejecting: boolean;
  readonly ackOwed: boolean;
  readonly hostNotReady: boolean;
  readonly ackTimeoutMs: number;
  readonly timeouts: number;
  readonly errorCode: number;
  readonly errorsLeft: number;
}

export type AshTimer = "resend" | "ack" | "not-ready";

export type AshInput =
  | { type: "received"; bytes: Uint8Array; now: number }
  /** An EZSP frame for the host. */
  | { type: "send"; data: Uint8Array; callback: boolean; now: number }
  | { type: "timer"; timer: AshTimer; now: number }
  /** The NCP has come up again: RSTACK goes out and the link is open. */
  | { type: "started"; code: number }
  | { type: "failed"; code: number }
  | { type: "unplugged" };

export type AshEffect =
  | { type: "write"; frame: AshFrame }
  | { type: "deliver"; data: Uint8Array }
  /** The host asks for a reset; `started` is due once the NCP is up again. */
  | { type: "reset" }
  /** Undefined stops the timer. */
  | { type: "timer"; timer: AshTimer; ms: number | undefined }
  /** A callback that found the queue full. */
  | { type: "lost" }
  | { type: "note"; what: "rejected" | "resend" | "failed" };

export type AshStep = [AshState, AshEffect[]];

export function ashState(settings: AshSettings = defaultAshSettings): AshState {
  return {
    mode: "idle",
    deframer: emptyDeframer,
    nextToSend: 0,
    nextExpected: 0,
    unacknowledged: [],
    queue: [],
    rejecting: false,
    ackOwed: false,
    hostNotReady: false,
    ackTimeoutMs: settings.ackTimeoutMs.first,
    timeouts: 0,
    errorCode: 0,
    errorsLeft: 0,
  };
}
