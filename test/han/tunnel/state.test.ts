import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  TUNNEL_TIMING,
  type TunnelEffect,
  type TunnelInput,
  type TunnelState,
  tunnelStep,
} from "../../../src/han/tunnel/state.ts";

function run(inputs: TunnelInput[], from: TunnelState = { phase: "absent" }) {
  let state = from;
  const effects: TunnelEffect[] = [];
  for (const input of inputs) {
    const [next, out] = tunnelStep(state, input, TUNNEL_TIMING);
    state = next;
    effects.push(...out);
  }
  return { state, effects };
}

const HERE: TunnelInput = { type: "here", nodeId: 0x1234 };
const ENDPOINTS: TunnelInput = { type: "endpoints", nodeId: 0x1234, endpoints: [3] };
const GRANTED: TunnelInput = { type: "granted", tunnelId: 7, maxTransfer: 1500 };

describe("tunnel client (GBCS 10.2.2, Tunnelling cluster 0x0704)", () => {
  it("finds the server endpoint before it requests a tunnel", () => {
    const { state, effects } = run([HERE, ENDPOINTS, GRANTED]);
    expect(state).toEqual({ phase: "open", nodeId: 0x1234, endpoint: 3, tunnelId: 7, maxTransfer: 1500 });
    expect(effects.map((e) => e.type)).toEqual(["find", "timer", "request", "timer", "no-timer", "opened"]);
  });

  it("requests a new tunnel when the server closes it", () => {
    const { state, effects } = run([HERE, ENDPOINTS, GRANTED, { type: "closed", tunnelId: 7 }]);
    expect(state.phase).toBe("finding");
    expect(effects.filter((e) => e.type === "lost")).toHaveLength(1);
  });

  it("forgets the tunnel when the device rejoins at another address", () => {
    const { state } = run([HERE, ENDPOINTS, GRANTED, { type: "here", nodeId: 0x9999 }]);
    expect(state).toMatchObject({ phase: "finding", nodeId: 0x9999 });
  });

  it("does not take the close of another tunnel for its own", () => {
    const { state } = run([HERE, ENDPOINTS, GRANTED, { type: "closed", tunnelId: 8 }]);
    expect(state.phase).toBe("open");
  });

  it("does not take a late answer from a former address", () => {
    const { state } = run([HERE, { type: "here", nodeId: 2 }, ENDPOINTS]);
    expect(state).toMatchObject({ phase: "finding", nodeId: 2 });
  });

  it("pauses longer after each failure, up to the cap, and tries for ever", () => {
    const pauses: number[] = [];
    let state: TunnelState = { phase: "absent" };
    let effects: TunnelEffect[] = [];
    [state] = tunnelStep(state, HERE, TUNNEL_TIMING);
    for (let i = 0; i < 12; i++) {
      [state, effects] = tunnelStep(state, { type: "timeout" }, TUNNEL_TIMING);
      expect(state.phase).toBe("pausing");
      pauses.push(...effects.flatMap((e) => (e.type === "timer" ? [e.ms] : [])));
      [state] = tunnelStep(state, { type: "timeout" }, TUNNEL_TIMING);
      expect(state.phase).toBe("finding");
    }
    expect(pauses.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
    expect(Math.max(...pauses)).toBe(TUNNEL_TIMING.maxPauseMs);
  });

  it("reports a refusal and asks again later", () => {
    const { state, effects } = run([HERE, ENDPOINTS, { type: "denied", status: 1 }]);
    expect(state.phase).toBe("pausing");
    expect(effects).toContainEqual({ type: "refused", status: 1 });
  });

  it("always has a timer running while a tunnel is wanted and not open", () => {
    const input = fc.oneof(
      fc.constant(HERE),
      fc.constant<TunnelInput>({ type: "gone" }),
      fc.constant(ENDPOINTS),
      fc.constant<TunnelInput>({ type: "endpoints", nodeId: 0x1234, endpoints: [] }),
      fc.constant(GRANTED),
      fc.constant<TunnelInput>({ type: "denied", status: 2 }),
      fc.constant<TunnelInput>({ type: "closed", tunnelId: 7 }),
      fc.constant<TunnelInput>({ type: "timeout" }),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
        let state: TunnelState = { phase: "absent" };
        let timer = false;
        for (const step of inputs) {
          if (step.type === "timeout") {
            if (!timer) continue;
            timer = false;
          }
          const [next, effects] = tunnelStep(state, step, TUNNEL_TIMING);
          state = next;
          for (const effect of effects) {
            if (effect.type === "timer") timer = true;
            if (effect.type === "no-timer") timer = false;
          }
          expect(timer).toBe(state.phase !== "open" && state.phase !== "absent");
        }
      }),
    );
  });
});
