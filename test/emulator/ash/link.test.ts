import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../src/base/bytes.ts";
import { type AshFrame, encodeAsh } from "../../../src/emulator/ash/frame.ts";
import { stepAsh } from "../../../src/emulator/ash/link.ts";
import {
  type AshEffect,
  type AshInput,
  type AshState,
  ashState,
  defaultAshSettings,
} from "../../../src/emulator/ash/state.ts";

/** Drives the reducer and collects what it says. */
class Bench {
  state: AshState = ashState();
  now = 0;
  effects: AshEffect[] = [];

  step(input: AshInput): this {
    const [state, effects] = stepAsh(this.state, input);
    this.state = state;
    this.effects = effects;
    return this;
  }
  host(...frames: AshFrame[]): this {
    return this.raw(concatBytes(...frames.map((frame) => encodeAsh(frame))));
  }
  raw(bytes: Uint8Array): this {
    return this.step({ type: "received", bytes, now: this.now });
  }
  send(first: number, callback = false): this {
    return this.step({ type: "send", data: Uint8Array.of(first, 0, 0), callback, now: this.now });
  }
  timeout(timer: "resend" | "ack" | "not-ready"): this {
    return this.step({ type: "timer", timer, now: this.now });
  }
  get written(): AshFrame[] {
    return this.effects.flatMap((effect) => (effect.type === "write" ? [effect.frame] : []));
  }
  get delivered(): number[] {
    return this.effects.flatMap((effect) => (effect.type === "deliver" ? [effect.data[0] ?? -1] : []));
  }
  timer(name: string): number | undefined | "untouched" {
    const found = this.effects.findLast((effect) => effect.type === "timer" && effect.timer === name);
    return found?.type === "timer" ? found.ms : "untouched";
  }
}

function connected(): Bench {
  return new Bench().host({ type: "rst" }).step({ type: "started", code: 0x0b });
}

const data = (frameNumber: number, first: number, ackNumber = 0, resent = false): AshFrame => ({
  type: "data",
  frameNumber,
  ackNumber,
  resent,
  data: Uint8Array.of(first, 0, 0),
});
const ack = (ackNumber: number, notReady = false): AshFrame => ({ type: "ack", ackNumber, notReady });
const nak = (ackNumber: number): AshFrame => ({ type: "nak", ackNumber, notReady: false });

describe("connecting", () => {
  test("RST resets the firmware and RSTACK with the software reason opens the link", () => {
    const bench = new Bench().host({ type: "rst" });
    expect(bench.effects).toContainEqual({ type: "reset" });
    expect(bench.written).toEqual([]);
    bench.step({ type: "started", code: 0x0b });
    expect(bench.written).toEqual([{ type: "rstack", version: 2, code: 0x0b }]);
    expect(bench.state.mode).toBe("connected");
  });

  test("before RST nothing is heard and nothing is sent", () => {
    const bench = new Bench().host(data(0, 1), ack(3));
    expect(bench.effects).toEqual([]);
    expect(bench.send(1).effects).toEqual([]);
    expect(bench.send(1, true).effects).toEqual([{ type: "lost" }]);
  });

  test("a second RST while the firmware restarts asks for no second reset", () => {
    const bench = new Bench().host({ type: "rst" });
    expect(bench.host({ type: "rst" }).effects).toEqual([]);
  });

  test("RST in the middle of a session drops what was under way", () => {
    const bench = connected().send(1).send(2).host({ type: "rst" });
    expect(bench.state.unacknowledged).toEqual([]);
    bench.step({ type: "started", code: 0x0b }).send(3);
    expect(bench.written).toEqual([data(0, 3)]);
  });
});

describe("receiving DATA", () => {
  test("in order is delivered and acknowledged inside the answer", () => {
    const bench = connected().host(data(0, 7));
    expect(bench.delivered).toEqual([7]);
    expect(bench.written).toEqual([]);
    bench.send(8);
    expect(bench.written).toEqual([data(0, 8, 1)]);
    expect(bench.timer("ack")).toBeUndefined();
  });

  test("without an answer is acknowledged by itself after the delay", () => {
    const bench = connected().host(data(0, 7));
    expect(bench.timer("ack")).toBe(defaultAshSettings.ackDelayMs);
    expect(bench.timeout("ack").written).toEqual([ack(1)]);
    expect(bench.timeout("ack").written).toEqual([]);
  });

  test("two frames in one read are both delivered", () => {
    expect(connected().host(data(0, 1), data(1, 2)).delivered).toEqual([1, 2]);
  });

  test("a resent frame that was taken already is acknowledged and not delivered again", () => {
    const bench = connected()
      .host(data(0, 1))
      .host(data(0, 1, 0, true));
    expect(bench.delivered).toEqual([]);
    expect(bench.written).toEqual([ack(1)]);
  });

  test("out of order is refused once, and the right frame ends the refusal", () => {
    const bench = connected().host(data(1, 2));
    expect(bench.written).toEqual([nak(0)]);
    expect(bench.host(data(2, 3)).written).toEqual([]);
    expect(bench.host(data(0, 1, 0, true), data(1, 2, 0, true)).delivered).toEqual([1, 2]);
    expect(bench.host(data(7, 1)).written).toEqual([nak(2)]);
  });

  test("a damaged frame is refused once and the resent one taken", () => {
    const spoilt = encodeAsh(data(0, 1));
    spoilt[2] = (spoilt[2] ?? 0) ^ 0x40;
    const bench = connected().raw(spoilt);
    expect(bench.written).toEqual([nak(0)]);
    expect(bench.raw(spoilt).written).toEqual([]);
    expect(bench.host(data(0, 1, 0, true)).delivered).toEqual([1]);
  });

  test("an acknowledgement of what was never sent is refused", () => {
    expect(connected().host(ack(3)).written).toEqual([nak(0)]);
    expect(connected().host(data(0, 1, 5)).delivered).toEqual([]);
  });
});

describe("sending DATA", () => {
  test("stops at the window of five and goes on with each acknowledgement", () => {
    const bench = connected();
    const sent: AshFrame[] = [];
    for (let i = 0; i < 8; i++) sent.push(...bench.send(i).written);
    expect(sent.map((frame) => (frame.type === "data" ? frame.frameNumber : -1))).toEqual([0, 1, 2, 3, 4]);
    expect(bench.host(ack(2)).written).toEqual([data(5, 5), data(6, 6)]);
    expect(bench.host(ack(7)).written).toEqual([data(7, 7)]);
    expect(bench.host(ack(0)).timer("resend")).toBeUndefined();
  });

  test("NAK brings everything from there on again, marked as resent", () => {
    const bench = connected().send(1).send(2).send(3).host(nak(1));
    expect(bench.written).toEqual([data(1, 2, 0, true), data(2, 3, 0, true)]);
  });

  test("silence brings the frame again on the NCP's own timer, each time after twice the wait", () => {
    const bench = connected().send(1);
    expect(bench.timer("resend")).toBe(1600);
    bench.timeout("resend");
    expect(bench.written).toEqual([data(0, 1, 0, true)]);
    expect(bench.timer("resend")).toBe(3200);
    expect(bench.timeout("resend").timer("resend")).toBe(3200);
  });

  test("the wait follows the line's speed within its bounds, but not after a resend", () => {
    const bench = connected();
    for (let i = 0; i < 20; i++) {
      bench.send(i);
      bench.now += 10;
      bench.host(ack((i + 1) & 7));
    }
    expect(bench.state.ackTimeoutMs).toBe(400);
    bench.send(1);
    bench.timeout("resend");
    bench.now += 5;
    bench.host(ack((20 + 1) & 7));
    expect(bench.state.ackTimeoutMs).toBe(800);
  });

  test("a host that never answers is given up with ERROR 0x51 after about 20 s, said several times", () => {
    const bench = connected().send(1);
    let waited = 0;
    while (bench.state.mode === "connected") {
      const ms = bench.timer("resend");
      waited += typeof ms === "number" ? ms : 0;
      bench.timeout("resend");
    }
    expect(waited).toBeGreaterThan(15_000);
    expect(waited).toBeLessThan(30_000);
    expect(bench.written).toEqual([{ type: "error", version: 2, code: 0x51 }]);
    expect(bench.timeout("resend").written).toEqual([{ type: "error", version: 2, code: 0x51 }]);
    bench.timeout("resend");
    bench.timeout("resend");
    expect(bench.timer("resend")).toBeUndefined();
  });

  test("a failed link answers everything with ERROR and hears only RST", () => {
    const bench = connected().step({ type: "failed", code: 0x06 });
    expect(bench.host(data(0, 1)).written).toEqual([{ type: "error", version: 2, code: 0x06 }]);
    expect(bench.delivered).toEqual([]);
    bench.host({ type: "rst" }).step({ type: "started", code: 0x0b });
    expect(bench.state.mode).toBe("connected");
  });

  test("a host that is not ready gets answers but no callbacks, until it is or the timer ends", () => {
    const bench = connected().host(ack(0, true));
    expect(bench.send(1, true).written).toEqual([]);
    expect(bench.send(2).written).toEqual([data(0, 2)]);
    expect(bench.timeout("not-ready").written).toEqual([data(1, 1)]);
    const ready = connected().host(ack(0, true)).send(1, true).host(ack(0));
    expect(ready.written).toEqual([data(0, 1)]);
  });

  test("callbacks for a host that does not acknowledge are kept up to a bound and then lost, answers never", () => {
    const bench = connected();
    let lost = 0;
    for (let i = 0; i < 1000; i++)
      lost += bench.send(i & 0xff, true).effects.filter((effect) => effect.type === "lost").length;
    expect(bench.state.queue.length).toBe(defaultAshSettings.maxQueued);
    expect(lost).toBe(1000 - defaultAshSettings.maxQueued - defaultAshSettings.window);
    bench.send(1);
    expect(bench.state.queue.length).toBe(defaultAshSettings.maxQueued + 1);
  });

  test("a host that unplugs leaves nothing running", () => {
    const bench = connected().send(1).step({ type: "unplugged" });
    expect(bench.timer("resend")).toBeUndefined();
    expect(bench.state).toEqual(ashState());
  });
});

test("whatever the line brings, the link keeps its bounds and never throws", () => {
  const any: fc.Arbitrary<(bench: Bench) => unknown> = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((noise) => (bench: Bench) => bench.raw(noise)),
    fc.record({ n: fc.nat(7), a: fc.nat(7), resent: fc.boolean() }).map(
      ({ n, a, resent }) =>
        (bench: Bench) =>
          bench.host(data(n, 1, a, resent)),
    ),
    fc.nat(7).map((n) => (bench: Bench) => bench.host(nak(n))),
    fc.nat(7).map((n) => (bench: Bench) => bench.host(ack(n))),
    fc.boolean().map((callback) => (bench: Bench) => bench.send(1, callback)),
    fc
      .constantFrom("resend" as const, "ack" as const, "not-ready" as const)
      .map((timer) => (bench: Bench) => bench.timeout(timer)),
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 60 }), (moves) => {
      const bench = connected();
      for (const move of moves) {
        move(bench);
        expect(bench.state.unacknowledged.length).toBeLessThanOrEqual(defaultAshSettings.window);
        expect(bench.effects.length).toBeLessThan(400);
      }
    }),
  );
});

test("over a line that loses and damages frames both ways, every frame arrives once and in order", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.integer({ min: 0, max: 9 })), (chances) => {
      // A host of the plainest kind: takes what is next, says ACK or NAK.
      const bench = connected();
      const got: number[] = [];
      let expected = 0;
      let next = 0;
      for (let turn = 0; got.length < 20 && turn < 2000; turn++) {
        if (next < 20 && bench.state.queue.length === 0) bench.send(next++);
        else bench.timeout("resend");
        const said = bench.written;
        for (const frame of said) {
          if (frame.type !== "data" || chances.next().value === 0) continue;
          if (frame.frameNumber === expected) {
            got.push(frame.data[0] ?? -1);
            expected = (expected + 1) & 7;
          }
        }
        if (chances.next().value !== 1) bench.host(ack(expected));
      }
      expect(got).toEqual(Array.from({ length: 20 }, (_, i) => i));
    }),
  );
});
