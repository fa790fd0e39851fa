import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  SUPERVISOR_STOPPED,
  type Supervisor,
  type SupervisorEffect,
  type SupervisorInput,
  type SupervisorSettings,
  supervise,
} from "../../../src/han/radio/supervisor.ts";

const SETTINGS: SupervisorSettings = {
  firstBackoffMs: 50,
  maxBackoffMs: 1_000,
  jitter: 0.5,
  firstAttempts: 3,
};

function run(inputs: readonly SupervisorInput[], chance = 0): [Supervisor, SupervisorEffect[]] {
  let state = SUPERVISOR_STOPPED;
  const all: SupervisorEffect[] = [];
  for (const input of inputs) {
    const [next, effects] = supervise(state, input, SETTINGS, chance);
    state = next;
    all.push(...effects);
  }
  return [state, all];
}

const UP: SupervisorInput[] = [{ type: "start" }, { type: "opened", attempt: 1 }];

describe("radio supervisor", () => {
  it("counts the one to three signs of one loss as one", () => {
    const lost: SupervisorInput = { type: "lost", attempt: 1, reason: "gone" };
    const [, effects] = run([...UP, lost, lost, lost]);
    expect(effects.filter((effect) => effect.type === "wait")).toHaveLength(1);
    expect(effects.filter((effect) => effect.type === "dispose")).toHaveLength(1);
  });

  it("makes a new adapter after every loss, for ever, and never waits more than a second", () => {
    let [state] = run([...UP, { type: "lost", attempt: 1, reason: "gone" }]);
    for (let i = 0; i < 500; i++) {
      const [connecting, connect] = supervise(state, { type: "retry", attempt: state.attempt }, SETTINGS, 0);
      expect(connect).toEqual([{ type: "connect", attempt: state.attempt + 1 }]);
      const failed: SupervisorInput = {
        type: "failed",
        attempt: connecting.attempt,
        kind: i % 2 ? "port" : "radio",
        reason: "absent",
      };
      const [waiting, effects] = supervise(connecting, failed, SETTINGS, 0);
      const wait = effects.find((effect) => effect.type === "wait");
      expect(wait?.ms).toBeLessThanOrEqual(1_000);
      state = waiting;
    }
    expect(state.phase).toBe("waiting");
  });

  it("gives up at the very first start when the port does not open, and can be started again", () => {
    const [state, effects] = run([
      { type: "start" },
      { type: "failed", attempt: 1, kind: "port", reason: "absent" },
    ]);
    expect(effects.at(-1)).toEqual({ type: "give-up", kind: "port", reason: "absent" });
    expect(supervise(state, { type: "start" }, SETTINGS, 0)[1]).toContainEqual({
      type: "connect",
      attempt: 2,
    });
  });

  it("tries a silent radio three times before the first start is given up", () => {
    const fail = (attempt: number): SupervisorInput => ({
      type: "failed",
      attempt,
      kind: "radio",
      reason: "mute",
    });
    const retry = (attempt: number): SupervisorInput => ({ type: "retry", attempt });
    const [, two] = run([{ type: "start" }, fail(1), retry(1), fail(2)]);
    expect(two.some((effect) => effect.type === "give-up")).toBe(false);
    const [, three] = run([{ type: "start" }, fail(1), retry(1), fail(2), retry(2), fail(3)]);
    expect(three.at(-1)).toMatchObject({ type: "give-up", kind: "radio" });
  });

  it("shortens the back-off by chance, at most by the jitter", () => {
    const [, effects] = run([...UP, { type: "lost", attempt: 1, reason: "gone" }], 0.999);
    expect(effects.find((effect) => effect.type === "wait")).toMatchObject({ ms: 25 });
  });

  it("has at most one adapter alive, whatever is reported and when", () => {
    const anyInput = fc.oneof(
      fc.record({ type: fc.constantFrom("start" as const, "stop" as const) }),
      fc.record({ type: fc.constantFrom("opened" as const, "retry" as const), attempt: fc.nat(6) }),
      fc.record({
        type: fc.constant("failed" as const),
        attempt: fc.nat(6),
        kind: fc.constantFrom("port" as const, "radio" as const, "fatal" as const),
        reason: fc.constant("r"),
      }),
      fc.record({ type: fc.constant("lost" as const), attempt: fc.nat(6), reason: fc.constant("r") }),
    );
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 80 }), (inputs) => {
        let alive = 0;
        for (const effect of run(inputs)[1]) {
          if (effect.type === "connect") alive++;
          if (effect.type === "dispose") alive = 0;
          expect(alive).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
