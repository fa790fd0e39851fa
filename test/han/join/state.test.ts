import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  JOIN_SETTINGS,
  type JoinEffect,
  type JoinInput,
  type JoinState,
  joinStart,
  joinStep,
} from "../../../src/han/join/state.ts";

/** Runs inputs from the start and returns the last state and what was done, in short. */
function run(inputs: readonly JoinInput[], keyEstablishment = true, keyed = false) {
  let state = joinStart(keyed);
  const done: string[] = [];
  for (const input of inputs) {
    const [next, effects] = joinStep(state, input, { ...JOIN_SETTINGS, keyEstablishment });
    state = next;
    done.push(...effects.map(short));
  }
  return { state, done };
}

function short(effect: JoinEffect): string {
  if (effect.do === "report") return effect.step;
  if (effect.do === "fail") return `fail ${effect.failure.step}${effect.failure.final ? " for good" : ""}`;
  return effect.do === "timer" ? `timer ${effect.ms}` : effect.do;
}

const fresh = { type: "associated", how: "install-code" } as const;
const spoke = { type: "spoke", how: "install-code" } as const;
const toKeying: JoinInput[] = [{ type: "window-opened" }, { type: "seen" }, fresh, spoke];

describe("the way into the network (communications-hub A2.11 to A2.13)", () => {
  it("is window, seen, associated, link key, key establishment, log updated", () => {
    const { state, done } = run([...toKeying, { type: "exchange-started" }, { type: "established" }]);
    expect(state).toEqual({ at: "in", window: true, keyed: true, told: false });
    expect(done.filter((one) => !one.includes("timer"))).toEqual([
      "window open",
      "seen",
      "associated",
      "link key",
      "key establishment",
      "log updated",
      "came-in",
    ]);
  });

  it("goes by the start key alone where key establishment is off", () => {
    const { state, done } = run([...toKeying, { type: "start-key-stored" }], false);
    expect(state.at).toBe("in");
    expect(done).toContain("store-start-key");
  });

  it("a device behind a router is first known when it is associated", () => {
    expect(run([{ type: "window-opened" }, fresh]).done.slice(0, 3)).toEqual([
      "window open",
      "seen",
      "associated",
    ]);
  });

  it.each(["secured-rejoin", "unsecured-rejoin", "resumed"] as const)(
    "a keyed device comes in by a %s",
    (how) => {
      expect(run([{ type: "spoke", how }], true, true).state.at).toBe("in");
      expect(run([{ type: "spoke", how }], true, false).state.at).toBe("keying");
    },
  );

  it("a keyed device that joins by its install code again must establish a key again", () => {
    const { state, done } = run(
      [{ type: "spoke", how: "resumed" }, { type: "window-opened" }, fresh, spoke],
      true,
      true,
    );
    expect(state.at).toBe("keying");
    expect(done).toContain("went-out");
  });

  it("a Trust Centre rejoin of a keyed device interrupts nothing", () => {
    const inputs: JoinInput[] = [
      { type: "spoke", how: "resumed" },
      { type: "associated", how: "unsecured-rejoin" },
    ];
    expect(run(inputs, true, true).done).toEqual(["no-timer", "came-in"]);
  });

  it("a device that does not finish in time, or may not try again, is removed", () => {
    expect(run([...toKeying, { type: "timeout" }]).done.slice(-2)).toEqual([
      "fail key establishment",
      "remove",
    ]);
    const failed = { type: "exchange-failed", reason: "x", mayRetry: false } as const;
    expect(run([...toKeying, { type: "window-ended" }, failed]).done.slice(-2)).toEqual([
      "fail key establishment for good",
      "remove",
    ]);
    expect(run([...toKeying, { ...failed, mayRetry: true }]).state.at).toBe("keying");
  });

  it("a failed exchange of a device that is in takes nothing from it", () => {
    const inputs: JoinInput[] = [
      ...toKeying,
      { type: "established" },
      { type: "exchange-failed", reason: "x", mayRetry: false },
    ];
    expect(run(inputs).state.at).toBe("in");
  });
});

const how = fc.constantFrom("install-code", "secured-rejoin", "unsecured-rejoin", "resumed");
const anyInput: fc.Arbitrary<JoinInput> = fc.oneof(
  fc.constantFrom<JoinInput>(
    { type: "window-opened" },
    { type: "window-ended" },
    { type: "seen" },
    { type: "start-key-stored" },
    { type: "start-key-refused", reason: "full" },
    { type: "exchange-started" },
    { type: "timeout" },
    { type: "left" },
  ),
  fc.record({ type: fc.constant("associated"), how }) as fc.Arbitrary<JoinInput>,
  fc.record({ type: fc.constant("spoke"), how }) as fc.Arbitrary<JoinInput>,
);

describe("whatever comes in whatever order", () => {
  it("no device without a key of its own is ever served", () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 30 }), (inputs) => {
        expect(run(inputs).state.at).not.toBe("in");
      }),
    );
  });

  it("a half keyed device always has a timer running", () => {
    fc.assert(
      fc.property(fc.array(anyInput, { maxLength: 30 }), (inputs) => {
        let state: JoinState = joinStart(false);
        let timer = false;
        for (const input of inputs) {
          if (input.type === "timeout" && !timer) continue;
          if (input.type === "timeout") timer = false;
          const [next, effects] = joinStep(state, input, JOIN_SETTINGS);
          state = next;
          for (const effect of effects) {
            if (effect.do === "timer") timer = true;
            if (effect.do === "no-timer") timer = false;
          }
          if (state.at === "keying") expect(timer).toBe(true);
        }
      }),
    );
  });
});
