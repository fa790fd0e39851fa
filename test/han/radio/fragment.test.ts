import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import {
  expireFragments,
  type FragmentBlock,
  type FragmentIn,
  type FragmentInEffect,
  type FragmentInSettings,
  fragmentIn,
  NO_FRAGMENTS,
} from "../../../src/han/radio/fragment-in.ts";
import {
  type FragmentOutEffect,
  fragmentGroup,
  fragmentOut,
  splitBlocks,
  startFragmentOut,
} from "../../../src/han/radio/fragment-out.ts";
import { MAX_ASDU } from "../../../src/han/radio/port.ts";

const SETTINGS: FragmentInSettings = {
  window: 1,
  maxOctets: MAX_ASDU,
  maxOpen: 4,
  maxOpenPerSender: 2,
  blockTimeoutMs: 15_000,
  finishedMs: 8_000,
};

const HEAD = {
  nodeId: 0x1234,
  profile: 0x0109,
  cluster: 0x0704,
  sourceEndpoint: 1,
  destinationEndpoint: 3,
  secured: true,
  apsCounter: 7,
};

function block(index: number, total: number, payload: Uint8Array, more: Partial<FragmentBlock> = {}) {
  return { ...HEAD, group: fragmentGroup(index, total), payload, ...more };
}

function delivered(effects: readonly FragmentInEffect[]): Uint8Array[] {
  return effects.flatMap((effect) => (effect.type === "deliver" ? [effect.payload] : []));
}

/** Feeds blocks in order and returns all effects. */
function feed(blocks: readonly FragmentBlock[], settings = SETTINGS): [FragmentIn, FragmentInEffect[]] {
  let state: FragmentIn = NO_FRAGMENTS;
  const all: FragmentInEffect[] = [];
  for (const one of blocks) {
    const [next, effects] = fragmentIn(state, one, 0, settings);
    state = next;
    all.push(...effects);
  }
  return [state, all];
}

describe("APS fragmentation (Zigbee PRO 2.2.8.4.5)", () => {
  it("carries any message through any window over an air that loses, repeats and reorders", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: MAX_ASDU }),
        fc.integer({ min: 30, max: 80 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer(),
        (payload, size, window, seed) => {
          const out = exchange(payload, size, window, new SeededRandom(seed));
          expect(out.delivered.length).toBeLessThanOrEqual(1);
          if (out.result === "delivered") expect(out.delivered).toEqual([payload]);
          for (const got of out.delivered) expect(got).toEqual(payload);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("does not report a delivery when a block was never acknowledged", () => {
    const [first] = startFragmentOut(3, { window: 1, blockRetries: 1 });
    const [one] = fragmentOut(first, { type: "sent", block: 0, delivered: true });
    const [two, again] = fragmentOut(one, { type: "sent", block: 1, delivered: false });
    expect(again).toEqual([{ type: "send", block: 1 }]);
    const [three, end] = fragmentOut(two, { type: "sent", block: 1, delivered: false });
    expect(end).toEqual([{ type: "done", delivered: false }]);
    expect(three.result).toBe("failed");
  });

  it("never sends an unfragmented message twice, which would give it a second APS counter", () => {
    const [state] = startFragmentOut(1, { window: 1, blockRetries: 5 });
    expect(fragmentOut(state, { type: "sent", block: 0, delivered: false })[1]).toEqual([
      { type: "done", delivered: false },
    ]);
  });

  it("answers each block of window 1 with its own index and a full bitmap", () => {
    const [, effects] = feed([block(0, 2, Uint8Array.of(1)), block(1, 2, Uint8Array.of(2))]);
    expect(effects).toEqual([
      { type: "reply", group: 0xff00 },
      { type: "reply", group: 0xff01 },
      { type: "deliver", payload: Uint8Array.of(1, 2) },
    ]);
  });

  it("asks for the missing block of a window by a zero in the bitmap", () => {
    const settings = { ...SETTINGS, window: 3 };
    const [, effects] = feed([block(0, 4, Uint8Array.of(0)), block(2, 4, Uint8Array.of(2))], settings);
    expect(effects).toEqual([{ type: "reply", group: (0b1111_1101 << 8) | 0 }]);
  });

  it("acknowledges a repeated last block and delivers the message once", () => {
    const last = block(1, 2, Uint8Array.of(2));
    const [, effects] = feed([block(0, 2, Uint8Array.of(1)), last, last]);
    expect(delivered(effects)).toHaveLength(1);
    expect(effects.at(-1)).toEqual({ type: "reply", group: 0xff01 });
  });

  it("takes a new message whose sender has used up the 8-bit counter and begins again", () => {
    const [, effects] = feed([
      block(0, 2, Uint8Array.of(1)),
      block(1, 2, Uint8Array.of(2)),
      block(0, 2, Uint8Array.of(3)),
      block(1, 2, Uint8Array.of(4)),
    ]);
    expect(delivered(effects)).toEqual([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
  });

  it("keeps interleaved senders and counters apart", () => {
    const other = { nodeId: 0x5678 };
    const [, effects] = feed([
      block(0, 2, Uint8Array.of(1)),
      block(0, 2, Uint8Array.of(3), other),
      block(1, 2, Uint8Array.of(4), other),
      block(1, 2, Uint8Array.of(2)),
    ]);
    expect(delivered(effects)).toEqual([Uint8Array.of(3, 4), Uint8Array.of(1, 2)]);
  });

  it("does not acknowledge the middle of a message whose start it never had", () => {
    const [state, effects] = feed([block(1, 3, Uint8Array.of(1))]);
    expect(effects).toEqual([{ type: "drop", reason: "no-start" }]);
    expect(state.size).toBe(0);
  });

  it("does not let a block in clear into a secured message", () => {
    const [, effects] = feed([
      block(0, 2, Uint8Array.of(1)),
      block(1, 2, Uint8Array.of(9), { secured: false }),
      block(1, 2, Uint8Array.of(2)),
    ]);
    expect(effects).toContainEqual({ type: "drop", reason: "mismatch" });
    expect(delivered(effects)).toEqual([Uint8Array.of(1, 2)]);
  });

  it("forgets a message that grows beyond the limit", () => {
    const [state, effects] = feed(Array.from({ length: 60 }, (_, i) => block(i, 255, new Uint8Array(80))));
    expect(effects).toContainEqual({ type: "drop", reason: "too-large" });
    expect(state.size).toBe(0);
  });

  it("holds a bounded number of open messages, and for each sender", () => {
    const starts = (nodes: number) =>
      Array.from({ length: 10 }, (_, i) =>
        block(0, 9, Uint8Array.of(1), { nodeId: 100 + (i % nodes), apsCounter: i }),
      );
    expect(feed(starts(1))[0].size).toBe(2);
    expect(feed(starts(10))[0].size).toBe(4);
  });

  it("gives the place of an abandoned message free after the block time-out", () => {
    const [state] = feed([block(0, 2, Uint8Array.of(1))]);
    expect(expireFragments(state, 14_999).size).toBe(1);
    expect(expireFragments(state, 15_000).size).toBe(0);
  });

  it("takes hostile blocks without an exception", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            nodeId: fc.integer({ min: 0, max: 2 }),
            apsCounter: fc.integer({ min: 0, max: 2 }),
            group: fc.integer({ min: 0, max: 0xffff }),
            secured: fc.boolean(),
            payload: fc.uint8Array({ maxLength: 100 }),
          }),
          { maxLength: 60 },
        ),
        fc.integer({ min: 1, max: 8 }),
        (blocks, window) => {
          let state: FragmentIn = NO_FRAGMENTS;
          blocks.forEach((one, at) => {
            const [next, effects] = fragmentIn(state, { ...HEAD, ...one }, at * 500, { ...SETTINGS, window });
            state = next;
            for (const payload of delivered(effects)) expect(payload.length).toBeLessThanOrEqual(MAX_ASDU);
          });
          expect(state.size).toBeLessThanOrEqual(SETTINGS.maxOpen + blocks.length);
        },
      ),
    );
  });
});

/** One message through both reducers over a bad air; each block is acknowledged when its window's reply comes through. */
function exchange(payload: Uint8Array, size: number, window: number, random: SeededRandom) {
  const blocks = splitBlocks(payload, size);
  let receiver: FragmentIn = NO_FRAGMENTS;
  const got: Uint8Array[] = [];
  const acknowledged = new Set<number>();
  const onAir: number[] = [];
  let [sender, effects] = startFragmentOut(blocks.length, { window, blockRetries: 6 });
  const receive = (index: number): void => {
    const one = block(index, blocks.length, blocks[index] ?? new Uint8Array());
    const [next, answers] = fragmentIn(receiver, one, 0, { ...SETTINGS, window });
    receiver = next;
    got.push(...delivered(answers));
    for (const answer of answers) {
      if (answer.type !== "reply" || random.fraction() < 0.1) continue;
      for (let bit = 0; bit < window; bit++)
        if ((answer.group >> 8) & (1 << bit)) acknowledged.add((answer.group & 0xff) + bit);
    }
  };
  while (sender.result === "open") {
    for (const effect of effects as FragmentOutEffect[]) {
      if (effect.type !== "send") continue;
      if (random.fraction() >= 0.15) onAir.push(effect.block);
      if (random.fraction() < 0.1) onAir.push(effect.block);
    }
    while (onAir.length > 0) receive(onAir.splice(random.below(onAir.length), 1)[0] ?? 0);
    effects = [];
    for (const index of [...sender.inFlight]) {
      const [next, more] = fragmentOut(sender, {
        type: "sent",
        block: index,
        delivered: acknowledged.has(index),
      });
      sender = next;
      effects.push(...more);
    }
  }
  return { result: sender.result, delivered: got };
}
