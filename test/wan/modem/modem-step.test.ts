import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { climb, LADDER_BOTTOM, type Trouble } from "../../../src/wan/modem/ladder.ts";
import {
  MODEM_STOPPED,
  MODEM_TIMING,
  type ModemEffect,
  type ModemInput,
  type ModemState,
} from "../../../src/wan/modem/modem-state.ts";
import { modemStep } from "../../../src/wan/modem/modem-step.ts";

const LADDER = { hard: true, restMs: 10, restMaxMs: 60 };

function cures(hard: boolean, ...troubles: Trouble[]): string[] {
  let ladder = LADDER_BOTTOM;
  return troubles.map((trouble) => {
    const [next, { cure, restMs }] = climb(ladder, trouble, { ...LADDER, hard });
    ladder = next;
    return cure === "rest" ? `rest ${restMs}` : cure;
  });
}

describe("the ladder of cures", () => {
  const deaf = Array.from({ length: 17 }, (): Trouble => "deaf");

  it("goes from the gentlest to a rest, and the rests double to their ceiling", () => {
    expect(cures(true, ...deaf)).toEqual([
      ...["reopen", "soft", "hard", "rest 10", "reopen", "soft", "hard", "rest 20"],
      ...["reopen", "soft", "hard", "rest 40", "reopen", "soft", "hard", "rest 60", "reopen"],
    ]);
  });

  it("without a reset line there is no hard reset", () => {
    expect(cures(false, ...deaf.slice(0, 4))).toEqual(["reopen", "soft", "rest 10", "reopen"]);
  });

  it("a trouble that changes with every cure comes to a rest all the same", () => {
    expect(cures(true, "deaf", "port", "deaf", "sim", "network", "port")).toEqual([
      ...["reopen", "hard", "soft", "rest 10", "soft", "reopen"],
    ]);
  });
});

const timing = { ...MODEM_TIMING, hard: true };

/** A driver that answers to the modem's effects, as a real one would, with the latest run. */
class Driver {
  state: ModemState = MODEM_STOPPED;
  now = 0;
  readonly effects: ModemEffect[] = [];

  give(input: ModemInput): readonly ModemEffect[] {
    const [state, effects] = modemStep(this.state, input, this.now, timing);
    this.state = state;
    this.effects.push(...effects);
    return effects;
  }

  online(): void {
    this.give({ type: "start" });
    this.give({ type: "opened", run: this.state.run });
    this.give({ type: "woken", run: this.state.run });
    this.give({ type: "sim", run: this.state.run, sim: "ready" });
    this.looked("home");
  }

  looked(registration: "home" | "searching"): readonly ModemEffect[] {
    return this.give({ type: "looked", run: this.state.run, sim: "ready", registration, bearer: undefined });
  }
}

describe("the life of a modem", () => {
  it("a line that was registered and lost gets its whole time again before a reset", () => {
    const driver = new Driver();
    driver.online();
    driver.now += 3_600_000;
    expect(driver.looked("searching").map(({ type }) => type)).toEqual(["wait"]);
    driver.now += timing.noNetworkMs;
    driver.give({ type: "timer" });
    expect(driver.looked("searching").map(({ type }) => type)).toEqual(["cure", "task"]);
    expect(driver.state.fault).toBe("no-network");
  });

  it("is forgiven its past after holding steady", () => {
    const driver = new Driver();
    driver.online();
    driver.give({ type: "deaf", run: driver.state.run });
    expect(driver.state.ladder.tried).toEqual(["reopen"]);
    driver.give({ type: "timer" });
    driver.give({ type: "opened", run: driver.state.run });
    driver.give({ type: "woken", run: driver.state.run });
    driver.give({ type: "sim", run: driver.state.run, sim: "ready" });
    driver.looked("home");
    expect(driver.state.ladder.tried).toEqual(["reopen"]);
    driver.now += timing.steadyMs;
    driver.give({ type: "timer" });
    driver.looked("home");
    expect(driver.state.ladder).toEqual(LADDER_BOTTOM);
  });

  it("news that flood in make no more than one look in a gap, and put none off", () => {
    const driver = new Driver();
    driver.online();
    const effects = Array.from({ length: 1_000 }, () =>
      driver.give({ type: "news", run: driver.state.run, what: "network" }),
    ).flat();
    expect(effects).toEqual([{ type: "wait", ms: timing.gapMs }]);
    expect(driver.give({ type: "timer" })).toEqual([{ type: "task", task: "look" }]);
  });

  it("news of a start outweigh news of the network", () => {
    const driver = new Driver();
    driver.online();
    driver.give({ type: "news", run: driver.state.run, what: "started" });
    driver.give({ type: "news", run: driver.state.run, what: "network" });
    expect(driver.give({ type: "timer" })).toEqual([{ type: "task", task: "wake" }]);
  });

  it("what an earlier opening of the port still reports is ignored", () => {
    const driver = new Driver();
    driver.online();
    const old = driver.state.run;
    driver.give({ type: "lost", run: old });
    const after = driver.state;
    expect(driver.give({ type: "deaf", run: old })).toEqual([]);
    expect(driver.state).toBe(after);
  });

  it("stopped, it does nothing whatever comes", () => {
    const driver = new Driver();
    driver.online();
    expect(driver.give({ type: "stop" })).toEqual([{ type: "close" }]);
    expect(driver.give({ type: "timer" })).toEqual([]);
  });

  const event = fc.constantFrom<(run: number) => ModemInput>(
    () => ({ type: "timer" }),
    (run) => ({ type: "opened", run }),
    (run) => ({ type: "unopened", run }),
    (run) => ({ type: "lost", run }),
    (run) => ({ type: "deaf", run }),
    (run) => ({ type: "woken", run }),
    (run) => ({ type: "sim", run, sim: "ready" }),
    (run) => ({ type: "sim", run, sim: "pin" }),
    (run) => ({ type: "sim", run, sim: "missing" }),
    (run) => ({ type: "unlocked", run, outcome: "refused" }),
    (run) => ({ type: "unlocked", run, outcome: "accepted" }),
    (run) => ({ type: "looked", run, sim: "ready", registration: "home", bearer: false }),
    (run) => ({ type: "looked", run, sim: "missing", registration: "none", bearer: undefined }),
    (run) => ({ type: "looked", run, sim: "ready", registration: "searching", bearer: undefined }),
    (run) => ({ type: "dialled", run, up: false }),
    (run) => ({ type: "cured", run }),
    (run) => ({ type: "news", run, what: "sim" }),
  );

  /** What must come next where something is under way; nothing else may be told to a machine by its driver. */
  function fits(driver: Driver, input: ModemInput, waiting: boolean, opening: boolean): boolean {
    const { phase, task } = driver.state;
    switch (input.type) {
      case "timer":
        return waiting;
      case "opened":
      case "unopened":
        return opening;
      case "lost":
        return !opening && ["waking", "sim", "unlocking", "network", "bearer"].includes(phase);
      case "deaf":
        return task !== undefined && task !== "soft" && task !== "hard";
      case "woken":
        return task === "wake";
      case "sim":
        return task === "sim";
      case "unlocked":
        return task === "unlock";
      case "looked":
        return task === "look";
      case "dialled":
        return task === "bearer";
      case "cured":
        return task === "soft" || task === "hard";
      default:
        return true;
    }
  }

  it("never stands still: a task, an opening or a timer is always under way", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(700_000)), { maxLength: 200 }), (events) => {
        const driver = new Driver();
        let waiting = false;
        let opening = false;
        const follow = (effects: readonly ModemEffect[]) => {
          for (const effect of effects) {
            if (effect.type === "cure") continue;
            waiting = effect.type === "wait";
            opening = effect.type === "open";
          }
        };
        follow(driver.give({ type: "start" }));
        for (const [make, ms] of events) {
          const input = make(driver.state.run);
          if (!fits(driver, input, waiting, opening)) continue;
          driver.now += ms;
          if (input.type === "timer") waiting = false;
          if (input.type === "opened" || input.type === "unopened") opening = false;
          follow(driver.give(input));
          expect(waiting || opening || driver.state.task !== undefined).toBe(true);
        }
      }),
    );
  });
});
