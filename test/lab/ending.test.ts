import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { Ending } from "../../src/lab/ending.ts";

describe("the end of a run", () => {
  function start() {
    const clock = new ManualClock();
    const state = { complete: false };
    const ending = new Ending(clock, () => state.complete, 100);
    return { clock, state, ending };
  }

  it("comes when everything is offered and has arrived, not before", () => {
    const { state, ending } = start();
    state.complete = true;
    ending.arrival();
    expect(ending.signal.aborted).toBe(false);
    ending.allOffered();
    expect(ending.signal.aborted).toBe(true);
  });

  it("comes when nothing has arrived for a while, however long the run is", () => {
    const { clock, ending } = start();
    ending.allOffered();
    for (let n = 0; n < 10; n++) {
      clock.advance(99);
      ending.arrival();
    }
    expect(ending.signal.aborted).toBe(false);
    clock.advance(100);
    expect(ending.signal.aborted).toBe(true);
  });

  it("passes an error on where it comes before the end", async () => {
    const { ending } = start();
    ending.fail(new Error("no hub"));
    await expect(ending.done).rejects.toThrow("no hub");
    const over = start().ending;
    over.now();
    over.fail(new Error("no hub"));
    await over.done;
  });
});
