import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isMessageId } from "../../src/base/wan-topic.ts";
import { encodeBlock, gbtSettings, splitMessage } from "../../src/gbcs/gbt/index.ts";
import { buildCommand } from "../../src/headend/command.ts";
import {
  type ExchangeContext,
  type ExchangeEffect,
  type ExchangeInput,
  type ExchangeState,
  exchange,
  newExchange,
} from "../../src/headend/exchange.ts";
import { findUseCase } from "../../src/headend/use-case.ts";
import { responseTo } from "./fake-hub.ts";
import { countFrom, ESME, testParties } from "./parties.ts";

const parties = testParties();
const gbt = gbtSettings({ blockOctets: 40 });
const context: ExchangeContext = { parties, gbt, transferSize: undefined };
const useCase = findUseCase("ECS26j", "ESME");
const command = buildCommand(
  { useCase, target: ESME, targetKind: "ESME", fields: {} },
  parties,
  countFrom(9n),
);
const response = responseTo(command.message, parties);
const blocks = splitMessage(response, gbt).map(encodeBlock);

function play(inputs: readonly ExchangeInput[], from = newExchange(command), seen = context) {
  let state: ExchangeState = from;
  const effects: ExchangeEffect[] = [];
  for (const input of inputs) {
    const [next, more] = exchange(state, input, seen);
    state = next;
    effects.push(...more);
  }
  return { state, effects };
}

function up(payload: Uint8Array, seq: number): ExchangeInput {
  return { type: "up", message: { device: ESME, seq, payload } };
}

function endOf(effects: readonly ExchangeEffect[]): string | undefined {
  return effects.flatMap((effect) => (effect.type === "end" ? [effect.outcome.result] : []))[0];
}

const ID = "he-1";
if (!isMessageId(ID)) throw new Error("an id");

describe("one Command on its way and back", () => {
  it("ends once: nothing that comes later changes its outcome", () => {
    const { effects } = play([
      { type: "start" },
      { type: "timeout" },
      up(response, 1),
      { type: "lingered" },
      { type: "timeout" },
    ]);
    expect(effects.filter(({ type }) => type === "end")).toHaveLength(1);
    expect(endOf(effects)).toBe("no-answer");
  });

  it("is not ended by the time limit while a second Response is looked for", () => {
    expect(endOf(play([up(response, 1), { type: "timeout" }, { type: "lingered" }]).effects)).toBe(
      "answered",
    );
  });

  it("takes no notice of receipts of others", () => {
    const receipt = { type: "receipt", receipt: { id: ID, stage: "failed", reason: "internal" } } as const;
    expect(endOf(play([receipt]).effects)).toBeUndefined();
    expect(endOf(play([{ type: "published", id: ID }, receipt]).effects)).toBe("refused");
  });

  it("is over when the device confirms no block of it", () => {
    const waiting = { ...context, transferSize: 60 };
    const timeouts = Array.from(
      { length: gbt.maxRetries + 1 },
      () => ({ type: "block-timeout", end: "sending" }) as const,
    );
    expect(endOf(play([{ type: "start" }, ...timeouts], newExchange(command), waiting).effects)).toBe(
      "no-answer",
    );
  });

  it("joins the blocks of its Response, whatever their order", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...blocks.keys()], { minLength: blocks.length }), (order) => {
        const inputs = order.map((at, i) => up(blocks[at] ?? new Uint8Array(), i + 1));
        expect(endOf(play([...inputs, { type: "lingered" }]).effects)).toBe("answered");
      }),
    );
  });

  it("never throws and never takes for an answer what is not one: noise, cuts and bit flips", () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .tuple(fc.constantFrom(response, ...blocks), fc.nat(), fc.integer({ min: 1, max: 255 }))
        .map(([whole, at, by]) => {
          const changed = whole.slice();
          const place = at % changed.length;
          changed[place] = (changed[place] ?? 0) ^ by;
          return changed;
        }),
      fc
        .tuple(fc.constantFrom(response, ...blocks), fc.nat())
        .map(([whole, end]) => whole.slice(0, end % whole.length)),
    );
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 6 }), (messages) => {
        const { effects } = play(messages.map((payload, i) => up(payload, i + 1)));
        for (const effect of effects)
          if (effect.type === "end") expect(effect.outcome.result).not.toBe("answered");
        expect(effects.some(({ type }) => type === "linger")).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
