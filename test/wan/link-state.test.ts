import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  initialLink,
  type LinkEffect,
  type LinkInput,
  type LinkState,
  linkStep,
} from "../../src/wan/link-state.ts";

const TIMING = { backOffMs: 1_000, backOffMaxMs: 60_000, steadyMs: 30_000 };

function play(brokers: number, inputs: readonly LinkInput[]): { state: LinkState; effects: LinkEffect[][] } {
  let state = initialLink(brokers);
  const effects: LinkEffect[][] = [];
  for (const input of inputs) {
    const [next, out] = linkStep(state, input, TIMING);
    state = next;
    effects.push([...out]);
  }
  return { state, effects };
}

const start: LinkInput = { type: "start" };
const timeout: LinkInput = { type: "timeout" };
const accepted: LinkInput = { type: "accepted" };
const subscribed: LinkInput = { type: "subscribed" };
const ended = (cause: "unanswered" | "level" | "other" = "other"): LinkInput => ({ type: "ended", cause });

describe("broker link", () => {
  it("subscribes on every connect before it counts as up", () => {
    const { effects } = play(1, [start, accepted, subscribed, ended(), timeout, accepted, subscribed]);
    expect(effects.map((some) => some.map((one) => one.type))).toEqual([
      ["open"],
      ["subscribe"],
      ["timer", "announce"],
      ["announce", "back-off"],
      ["open"],
      ["subscribe"],
      ["timer", "announce"],
    ]);
  });

  it("the back-off's ceiling doubles to its maximum and jitter is left to chance", () => {
    const failing = Array.from({ length: 10 }, () => [ended(), timeout]).flat();
    const { effects } = play(1, [start, ...failing]);
    const ceilings = effects.flat().flatMap((one) => (one.type === "back-off" ? [one.ceilingMs] : []));
    expect(ceilings).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60].map((seconds) => seconds * 1_000));
  });

  it("goes through the brokers in order, and backs off further only after a whole round", () => {
    const failing = Array.from({ length: 6 }, () => [ended(), timeout]).flat();
    const { effects } = play(3, [start, ...failing]);
    const opened = effects.flat().flatMap((one) => (one.type === "open" ? [one.broker] : []));
    const ceilings = effects.flat().flatMap((one) => (one.type === "back-off" ? [one.ceilingMs] : []));
    expect(opened).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(ceilings).toEqual([1_000, 1_000, 1_000, 2_000, 2_000, 2_000]);
  });

  it("another way out of the machine: hangs up without a farewell and connects at once, whatever it was doing", () => {
    const renewed = (before: readonly LinkInput[]) =>
      play(2, [...before, { type: "renew" }, timeout])
        .effects.slice(before.length)
        .map((some) => some.map((one) => one.type));
    expect(renewed([start, accepted, subscribed])).toEqual([["announce", "hang-up", "timer"], ["open"]]);
    expect(renewed([start])).toEqual([["hang-up", "timer"], ["open"]]);
    expect(renewed([start, ended(), timeout, ended()])).toEqual([["timer"], ["open"]]);
    expect(renewed([])).toEqual([[], []]);
    const { state } = play(2, [start, ended(), timeout, ended(), { type: "renew" }]);
    expect(state).toMatchObject({ broker: 0, failures: 0 });
  });

  it("starts at the first broker again after a link that held", () => {
    const up = [accepted, subscribed];
    const held = play(2, [start, ended(), timeout, ...up, timeout, ended(), timeout]);
    expect(held.state).toMatchObject({ broker: 0, failures: 1 });
  });

  it("a link that comes up and falls at once is no reason to forget failures", () => {
    const flap = Array.from({ length: 4 }, () => [accepted, subscribed, ended(), timeout]).flat();
    expect(play(1, [start, ...flap]).state.failures).toBe(4);
  });

  it.each([
    ["unanswered", { type: "back-off", ceilingMs: 1_000 }],
    ["level", { type: "timer", ms: 0 }],
  ] as const)(
    "a broker that answers MQTT 5 by %s is asked with 3.1.1, at once where it said no",
    (cause, wait) => {
      const { effects, state } = play(2, [start, ended(cause), timeout]);
      expect(effects.flat()).toEqual([
        { type: "open", broker: 0, level: 5 },
        wait,
        { type: "open", broker: 0, level: 4 },
      ]);
      expect(state.levels).toEqual([4, 5]);
    },
  );

  it("a broker that was used with 3.1.1 is asked for MQTT 5 again: it may have been the network that failed", () => {
    const { effects } = play(1, [
      start,
      ended("unanswered"),
      timeout,
      accepted,
      subscribed,
      ended(),
      timeout,
    ]);
    const opened = effects.flat().flatMap((one) => (one.type === "open" ? [one.level] : []));
    expect(opened).toEqual([5, 4, 5]);
  });

  it("a broker that accepts neither is not asked without pause", () => {
    const { effects, state } = play(1, [start, ended("unanswered"), timeout, ended("unanswered"), timeout]);
    expect(effects.flat().map((one) => one.type)).toEqual(["open", "back-off", "open", "back-off", "open"]);
    expect(state).toMatchObject({ levels: [5], failures: 1 });
    const refusing = play(1, [start, ended("level"), timeout, ended("level"), timeout]);
    expect(refusing.effects.flat().map((one) => one.type)).toEqual([
      ...["open", "timer", "open", "back-off", "open"],
    ]);
  });

  it("wrong credentials do not change the level", () => {
    expect(play(1, [start, ended("other")]).state.levels).toEqual([5]);
  });

  it("whatever comes, in any order: at most one connection, announcements alternate, a stop is final", () => {
    const input = fc.constantFrom<LinkInput>(
      start,
      timeout,
      accepted,
      subscribed,
      ended(),
      ended("unanswered"),
      ended("level"),
      { type: "stop" },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(input, { maxLength: 60 }), (brokers, inputs) => {
        let state = initialLink(brokers);
        let connections = 0;
        let up = false;
        for (const input of inputs) {
          if (input.type === "ended" && connections === 0) continue;
          if (input.type === "ended") connections -= 1;
          const [next, effects] = linkStep(state, input, TIMING);
          for (const effect of effects) {
            if (effect.type === "open") connections += 1;
            if (effect.type === "close") connections = 0;
            if (effect.type === "back-off") expect(effect.ceilingMs).toBeLessThanOrEqual(TIMING.backOffMaxMs);
            if (effect.type === "announce") {
              expect(effect.up).toBe(!up);
              up = effect.up;
            }
          }
          expect(connections).toBeLessThanOrEqual(1);
          expect(next.broker).toBeLessThan(brokers);
          if (next.phase === "stopped") expect([up, connections]).toEqual([false, 0]);
          state = next;
        }
      }),
      { numRuns: 500 },
    );
  });
});
