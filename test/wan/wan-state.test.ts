import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { Store } from "../../src/store/store.ts";
import { initialWan, type WanInput, type WanPhase, wanStep } from "../../src/wan/wan-state.ts";
import { WanWatch } from "../../src/wan/wan-watch.ts";

class Bench {
  readonly clock = new ManualClock();
  readonly store = new Store(":memory:", this.clock);
  readonly announced: number[] = [];
  readonly phases: WanPhase[] = [];
  failing = false;

  watch(): WanWatch {
    const watch = new WanWatch(600_000, {
      store: this.store,
      clock: this.clock,
      log: silentLog,
      announce: (at) => {
        if (this.failing) throw new Error("the disk is full");
        this.announced.push(at);
      },
      changed: (phase) => this.phases.push(phase),
    });
    watch.start();
    return watch;
  }
}

describe("WAN state (A10)", () => {
  it("searching, attached, connected, and back", () => {
    const bench = new Bench();
    const watch = bench.watch();
    expect(watch.phase).toBe("searching");
    watch.network(true);
    watch.link(true);
    watch.link(false);
    watch.network(false);
    expect(bench.phases).toEqual(["attached", "connected", "attached", "searching"]);
  });

  it("without WAN for long it is said, and the search goes on", () => {
    const bench = new Bench();
    const watch = bench.watch();
    bench.clock.advance(599_999);
    expect(watch.phase).toBe("searching");
    bench.clock.advance(1);
    expect(watch.phase).toBe("no-wan");
    watch.network(false);
    expect(watch.phase).toBe("no-wan");
    watch.network(true);
    expect(watch.phase).toBe("attached");
    watch.network(false);
    bench.clock.advance(600_000);
    expect(watch.phase).toBe("no-wan");
  });

  it("a hub without a modem is connected when its broker link is", () => {
    const bench = new Bench();
    const watch = bench.watch();
    watch.link(true);
    watch.link(false);
    bench.clock.advance(600_000);
    expect(bench.phases).toEqual(["connected", "searching", "no-wan"]);
  });

  it("an attached hub whose broker is away is never without WAN", () => {
    const bench = new Bench();
    const watch = bench.watch();
    watch.network(true);
    bench.clock.advance(10 * 600_000);
    expect(watch.phase).toBe("attached");
  });

  it("the birth is announced at the first connection, once, through restarts", () => {
    const bench = new Bench();
    const first = bench.watch();
    first.network(true);
    expect(bench.announced).toEqual([]);
    const at = bench.clock.now();
    first.link(true);
    first.link(false);
    first.link(true);
    first.stop();
    bench.clock.advance(3_600_000);
    const second = bench.watch();
    second.link(true);
    expect(bench.announced).toEqual([at]);
    expect([first.bornAt, second.bornAt]).toEqual([at, at]);
  });

  it("a birth that cannot be stored is announced at the next connection", () => {
    const bench = new Bench();
    const watch = bench.watch();
    bench.failing = true;
    watch.link(true);
    expect(watch.phase).toBe("connected");
    bench.failing = false;
    expect([bench.announced, watch.bornAt]).toEqual([[], undefined]);
    watch.link(false);
    watch.link(true);
    expect(bench.announced).toHaveLength(1);
  });

  it("whatever comes: connected is the link, and nobody is born twice", () => {
    const input = fc.constantFrom<WanInput>(
      { type: "timeout" },
      { type: "network", up: true },
      { type: "network", up: false },
      { type: "link", up: true },
      { type: "link", up: false },
    );
    fc.assert(
      fc.property(fc.array(input), (inputs) => {
        let state = initialWan(false);
        let births = 0;
        for (const one of inputs) {
          const [next, effects] = wanStep(state, one, 1_000);
          state = next;
          births += effects.filter(({ type }) => type === "announce").length;
          expect(state.phase === "connected").toBe(state.link);
        }
        expect(births).toBe(inputs.some((one) => one.type === "link" && one.up) ? 1 : 0);
      }),
    );
  });
});
