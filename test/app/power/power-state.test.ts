import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Mains,
  POWER_START,
  type PowerInput,
  type PowerState,
  powerResumed,
  powerStep,
} from "../../../src/app/power/power-state.ts";

const ALERT_MS = 180_000;

function run(inputs: readonly PowerInput[], from: PowerState = POWER_START) {
  let state = from;
  const effects: string[] = [];
  for (const input of inputs) {
    const [next, wanted] = powerStep(state, input, ALERT_MS);
    state = next;
    for (const effect of wanted)
      effects.push(
        effect.type === "event"
          ? effect.event.type
          : effect.type === "timer"
            ? `timer ${effect.ms}`
            : effect.type,
      );
  }
  return { state, effects };
}

const reading = (mains: Mains, now: number): PowerInput => ({ type: "reading", mains, now });

describe("A9: power as a state machine", () => {
  it("A9.3: lost and back before the time is over: no alert", () => {
    const { state, effects } = run([reading("lost", 1_000), reading("present", 2_000)]);
    expect(effects).toEqual(["lost", "timer 180000", "cancel-timer", "restored"]);
    expect(state.last).toEqual({ lostAt: 1_000, alertedAt: undefined, backAt: 2_000 });
  });

  it("A9.1: lost and not back: one alert", () => {
    const timeout: PowerInput = { type: "timeout", now: 181_000 };
    const { state, effects } = run([reading("lost", 1_000), timeout, timeout, reading("lost", 200_000)]);
    expect(effects).toEqual(["lost", "timer 180000", "alert"]);
    expect(state.outage).toEqual({ lostAt: 1_000, alertedAt: 181_000 });
  });

  it("an input that cannot be read is no news, before, during and after an outage", () => {
    const { effects } = run([
      reading("unknown", 0),
      reading("lost", 1),
      reading("unknown", 2),
      reading("lost", 3),
    ]);
    expect(effects).toEqual(["lost", "timer 180000"]);
    expect(run([reading("unknown", 0), reading("present", 1), reading("unknown", 2)]).effects).toEqual([]);
  });

  it("a timer that fires after all is over does nothing", () => {
    const { effects } = run([reading("lost", 0), reading("present", 1), { type: "timeout", now: 180_000 }]);
    expect(effects).not.toContain("alert");
  });

  it.each([
    ["goes on: only the rest of the time is waited", "lost", 60_000, ["timer 120000"]],
    ["has gone on too long already: the alert is due at once", "lost", 600_000, ["timer 0"]],
    ["is over: no alert, however long it was", "present", 600_000, ["cancel-timer", "restored"]],
    ["cannot be seen yet: nothing", "unknown", 600_000, []],
    ["seems to be in the future: the whole time is waited", "lost", -600_000, ["timer 180000"]],
  ] as const)("an outage from before the start that %s", (_what, mains, passed, expected) => {
    const from = powerResumed({ lostAt: 1_000_000, alertedAt: undefined }, undefined);
    expect(run([reading(mains, 1_000_000 + passed)], from).effects).toEqual(expected);
  });

  it("an outage alerted before the start is not alerted again", () => {
    const from = powerResumed({ lostAt: 0, alertedAt: 180_000 }, undefined);
    const { effects } = run([reading("lost", 300_000), { type: "timeout", now: 900_000 }], from);
    expect(effects).toEqual([]);
  });

  it("at most one alert between two returns of mains, and none without a loss", () => {
    const input = fc.oneof(
      fc.record({
        type: fc.constant("reading" as const),
        mains: fc.constantFrom<Mains>("present", "lost", "unknown"),
        now: fc.nat(),
      }),
      fc.record({ type: fc.constant("timeout" as const), now: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
        const events = run(inputs).effects.filter((one) => ["lost", "alert", "restored"].includes(one));
        expect(events.join(" ")).toMatch(/^((lost (alert )?restored ?)*(lost( alert)?)?)$/);
      }),
    );
  });
});
