/**
 * The client side of one tunnel (Tunnelling cluster 0x0704, GBCS 10.2.2) as a pure state machine.
 * The hub finds the server's endpoint by Match Descriptor, requests a tunnel for protocol 6, and makes a new one
 * whenever the old is gone, for as long as the device belongs to the network.
 */
export type TunnelState =
  | { phase: "absent" }
  | { phase: "finding"; nodeId: number; attempt: number }
  | { phase: "requesting"; nodeId: number; endpoint: number; attempt: number }
  | {
      phase: "open";
      nodeId: number;
      endpoint: number;
      tunnelId: number;
      /** Largest TransferData payload that the server takes, in octets. */
      maxTransfer: number;
    }
  | { phase: "pausing"; nodeId: number; attempt: number };

export type TunnelInput =
  /** The device joined, rejoined, or the radio came back: whatever tunnel there was is forgotten. */
  | { type: "here"; nodeId: number }
  | { type: "gone" }
  | { type: "endpoints"; nodeId: number; endpoints: readonly number[] }
  | { type: "granted"; tunnelId: number; maxTransfer: number }
  /** Tunnel status other than success: busy, no more ids, protocol not supported. */
  | { type: "denied"; status: number }
  /** CloseTunnel from the server, TransferDataError, or sends that are never acknowledged. */
  | { type: "closed"; tunnelId: number }
  | { type: "timeout" };

export type TunnelEffect =
  | { type: "find"; nodeId: number }
  | { type: "request"; nodeId: number; endpoint: number }
  | { type: "timer"; ms: number }
  | { type: "no-timer" }
  | { type: "opened"; tunnelId: number; maxTransfer: number }
  | { type: "lost" }
  | { type: "refused"; status: number };

export interface TunnelTiming {
  /** How long one answer is waited for, in milliseconds. */
  answerMs: number;
  /** Pause before the second try; it doubles up to `maxPauseMs`. */
  pauseMs: number;
  maxPauseMs: number;
}

export const TUNNEL_TIMING: TunnelTiming = { answerMs: 5_000, pauseMs: 500, maxPauseMs: 30_000 };

type Step = [TunnelState, TunnelEffect[]];

export function tunnelStep(state: TunnelState, input: TunnelInput, timing: TunnelTiming): Step {
  const lost: TunnelEffect[] = state.phase === "open" ? [{ type: "lost" }] : [];
  switch (input.type) {
    case "here":
      return find(input.nodeId, 0, timing, lost);
    case "gone":
      return [{ phase: "absent" }, [...lost, { type: "no-timer" }]];
    case "endpoints":
      return foundEndpoints(state, input, timing);
    case "granted":
      if (state.phase !== "requesting") return [state, []];
      return [
        {
          phase: "open",
          nodeId: state.nodeId,
          endpoint: state.endpoint,
          tunnelId: input.tunnelId,
          maxTransfer: input.maxTransfer,
        },
        [{ type: "no-timer" }, { type: "opened", tunnelId: input.tunnelId, maxTransfer: input.maxTransfer }],
      ];
    case "denied":
      if (state.phase !== "requesting") return [state, []];
      return pause(state.nodeId, state.attempt, timing, [{ type: "refused", status: input.status }]);
    case "closed":
      if (state.phase !== "open" || state.tunnelId !== input.tunnelId) return [state, []];
      return find(state.nodeId, 0, timing, lost);
    case "timeout":
      return timedOut(state, timing);
  }
}

function find(nodeId: number, attempt: number, timing: TunnelTiming, before: TunnelEffect[] = []): Step {
  return [
    { phase: "finding", nodeId, attempt },
    [...before, { type: "find", nodeId }, { type: "timer", ms: timing.answerMs }],
  ];
}

function foundEndpoints(
  state: TunnelState,
  input: Extract<TunnelInput, { type: "endpoints" }>,
  timing: TunnelTiming,
): Step {
  if (state.phase !== "finding" || state.nodeId !== input.nodeId) return [state, []];
  const endpoint = input.endpoints[0];
  if (endpoint === undefined) return pause(state.nodeId, state.attempt, timing);
  return [
    { phase: "requesting", nodeId: state.nodeId, endpoint, attempt: state.attempt },
    [
      { type: "request", nodeId: state.nodeId, endpoint },
      { type: "timer", ms: timing.answerMs },
    ],
  ];
}

function timedOut(state: TunnelState, timing: TunnelTiming): Step {
  switch (state.phase) {
    case "finding":
    case "requesting":
      return pause(state.nodeId, state.attempt, timing);
    case "pausing":
      return find(state.nodeId, state.attempt, timing);
    default:
      return [state, []];
  }
}

function pause(nodeId: number, attempt: number, timing: TunnelTiming, before: TunnelEffect[] = []): Step {
  const ms = Math.min(timing.pauseMs * 2 ** Math.min(attempt, 16), timing.maxPauseMs);
  return [{ phase: "pausing", nodeId, attempt: attempt + 1 }, [...before, { type: "timer", ms }]];
}
