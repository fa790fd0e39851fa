import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import {
  decodeBlock,
  encodeBlock,
  type GbtBlock,
  type GbtSettings,
  gbtSettings,
  newReceiver,
  newSender,
  type ReceiverState,
  receiver,
  type SenderState,
  sender,
  splitMessage,
} from "../../../src/gbcs/gbt/index.ts";
import { largeMessage } from "./message.ts";

interface Air {
  /** Chances in 1 that a block is lost, doubled, or overtaken by the next. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
}

interface Outcome {
  readonly sender: SenderState["phase"];
  readonly receiver: ReceiverState["phase"] | "none";
  readonly delivered: readonly Uint8Array[];
  readonly blocksSent: number;
}

/** Both ends joined by bad air; whenever nothing is on the way, the timers run out. */
function transfer(message: Uint8Array, settings: GbtSettings, air: Air, seed: number): Outcome {
  const random = new SeededRandom(seed);
  let sending = newSender(message, settings);
  let receiving: ReceiverState | undefined;
  const delivered: Uint8Array[] = [];
  const onTheWay: { to: "sender" | "receiver"; octets: Uint8Array }[] = [];
  let blocksSent = 0;

  const post = (to: "sender" | "receiver", block: GbtBlock) => {
    blocksSent++;
    const octets = encodeBlock(block);
    if (random.fraction() >= air.loss) onTheWay.push({ to, octets });
    if (random.fraction() < air.duplication) onTheWay.push({ to, octets });
    const last = onTheWay.at(-1);
    const before = onTheWay.at(-2);
    if (last && before && random.fraction() < air.reordering) onTheWay.splice(-2, 2, last, before);
  };
  const toSender = (input: Parameters<typeof sender>[1]) => {
    const [next, effects] = sender(sending, input, settings);
    sending = next;
    for (const effect of effects) if (effect.type === "send") post("receiver", effect.block);
  };
  const toReceiver = (input: Parameters<typeof receiver>[1]) => {
    if (!receiving && input.type === "block") receiving = newReceiver(input.block);
    if (!receiving) return;
    const [next, effects] = receiver(receiving, input, settings);
    receiving = next;
    for (const effect of effects) {
      if (effect.type === "send") post("sender", effect.block);
      if (effect.type === "deliver") delivered.push(effect.message);
    }
  };

  toSender({ type: "start" });
  for (let step = 0; step < 20_000; step++) {
    const next = onTheWay.shift();
    if (next?.to === "sender") toSender({ type: "block", block: decodeBlock(next.octets) });
    else if (next) toReceiver({ type: "block", block: decodeBlock(next.octets) });
    else if (sending.phase !== "sending" && receiving?.phase !== "receiving") break;
    else if (random.fraction() < 0.5) toSender({ type: "timeout" });
    else toReceiver({ type: "timeout" });
  }
  return { sender: sending.phase, receiver: receiving?.phase ?? "none", delivered, blocksSent };
}

const good: Air = { loss: 0, duplication: 0, reordering: 0 };

describe("General Block Transfer between two ends (GBCS 7.2.11)", () => {
  it("delivers in good air with one confirmation a window", () => {
    const message = largeMessage(3900);
    const outcome = transfer(message, gbtSettings({ blockOctets: 500, window: 3 }), good, 1);
    expect(outcome).toMatchObject({ sender: "sent", receiver: "received", blocksSent: 8 + 3 });
    expect(outcome.delivered.map(toHex)).toEqual([toHex(message)]);
  });

  it("delivers once and whole through loss, duplication and reordering", () => {
    const chance = (max: number) => fc.double({ min: 0, max, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(6000),
        fc.record({
          blockOctets: fc.integer({ min: 60, max: 1200 }),
          window: fc.integer({ min: 1, max: 20 }),
        }),
        fc.record({ loss: chance(0.3), duplication: chance(0.3), reordering: chance(0.5) }),
        fc.nat(),
        (length, given, air, seed) => {
          const message = largeMessage(length);
          const outcome = transfer(message, gbtSettings({ ...given, maxRetries: 200 }), air, seed);
          expect(outcome).toMatchObject({ sender: "sent", receiver: "received" });
          expect(outcome.delivered.map(toHex)).toEqual([toHex(message)]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("delivers too where confirmations keep the parties as sent", () => {
    const settings = gbtSettings({ blockOctets: 100, maxRetries: 200, confirmationParties: "as-sent" });
    const outcome = transfer(largeMessage(2000), settings, { loss: 0.2, duplication: 0, reordering: 0 }, 5);
    expect(outcome).toMatchObject({ sender: "sent", receiver: "received" });
  });

  it("gives up on both ends when nothing comes through any more", () => {
    const settings = gbtSettings({ maxRetries: 3 });
    const message = largeMessage(3000);
    const dead = transfer(message, settings, { loss: 1, duplication: 0, reordering: 0 }, 1);
    expect(dead).toMatchObject({ sender: "failed", receiver: "none", delivered: [] });
    const [first] = splitMessage(message, settings);
    if (!first) throw new Error("unexpected");
    let [state] = receiver(newReceiver(first), { type: "block", block: first }, settings);
    for (let i = 0; i < 4; i++) [state] = receiver(state, { type: "timeout" }, settings);
    expect(state).toEqual({ phase: "failed", reason: "no-answer" });
  });

  it("does not multiply blocks when confirmations are doubled", () => {
    const settings = gbtSettings({ blockOctets: 100, window: 4 });
    const clean = transfer(largeMessage(2000), settings, good, 1);
    const doubled = transfer(largeMessage(2000), settings, { ...good, duplication: 1 }, 1);
    expect(doubled.sender).toBe("sent");
    expect(doubled.blocksSent).toBeLessThan(clean.blocksSent * 2);
  });
});

describe("the receiving end against hostile blocks", () => {
  const settings = gbtSettings({ maxBlocks: 50, maxMessageOctets: 2000, blockOctets: 100 });
  const split = splitMessage(largeMessage(900), settings);
  const [first] = split;
  if (!first) throw new Error("unexpected");
  const take = (...blocks: GbtBlock[]): ReceiverState =>
    blocks.reduce<ReceiverState>(
      (state, block) => receiver(state, { type: "block", block }, settings)[0],
      newReceiver(first),
    );

  it("holds no more than it is allowed to", () => {
    const many = Array.from({ length: 3 }, (_, i) => ({
      ...first,
      number: i + 1,
      data: new Uint8Array(900),
    }));
    expect(take(...many)).toEqual({ phase: "failed", reason: "too-large" });
    expect(take({ ...first, number: 51 })).toEqual({ phase: "failed", reason: "too-large" });
    expect(take({ ...first, number: 0 })).toEqual({ phase: "failed", reason: "too-large" });
  });

  it("refuses a block after the last one, and a second last one", () => {
    const end = { ...first, number: 3, last: true };
    expect(take(end, { ...first, number: 4 })).toMatchObject({ reason: "inconsistent" });
    expect(take(end, { ...first, number: 2, last: true })).toMatchObject({ reason: "inconsistent" });
    expect(take({ ...first, number: 4 }, end)).toMatchObject({ reason: "inconsistent" });
  });

  it("refuses blocks that carry another message than they name", () => {
    const renamed = split.map((block) => ({ ...block, messageCode: 0x0034 }));
    const state = renamed.reduce<ReceiverState>(
      (now, block) => receiver(now, { type: "block", block }, settings)[0],
      newReceiver({ ...first, messageCode: 0x0034 }),
    );
    expect(state).toEqual({ phase: "failed", reason: "not-the-message" });
  });

  it("is not moved by blocks of another transfer, nor the sending end by wrong confirmations", () => {
    const before = take(first);
    expect(
      receiver(before, { type: "block", block: { ...first, counter: 5n, number: 2 } }, settings)[0],
    ).toBe(before);
    const [sending] = sender(newSender(largeMessage(900), settings), { type: "start" }, settings);
    for (const wrong of [{ counter: 5n }, { confirmed: 40 }]) {
      const block = { ...first, data: new Uint8Array(0), confirmed: 1, ...wrong };
      expect(sender(sending, { type: "block", block }, settings)).toEqual([sending, []]);
    }
  });

  it("never throws and never holds too much, whatever comes", () => {
    const any = fc.record({
      number: fc.nat(60),
      last: fc.boolean(),
      streaming: fc.boolean(),
      data: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 60 }), (list) => {
        const state = take(...list.map((one) => ({ ...first, ...one })));
        if (state.phase === "receiving") expect(state.octets).toBeLessThanOrEqual(2000);
      }),
      { numRuns: 200 },
    );
  });
});
