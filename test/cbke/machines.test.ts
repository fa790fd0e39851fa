import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Eui64 } from "../../src/base/eui64.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { KeyEstablishmentMessage } from "../../src/cbke/commands.ts";
import {
  IDLE,
  type KeyEstablishmentEffect,
  type KeyEstablishmentInput,
  type Partner,
} from "../../src/cbke/exchange.ts";
import { type InitiatorState, initiator } from "../../src/cbke/initiator.ts";
import { keyEstablishmentSettings } from "../../src/cbke/key-establishment.ts";
import { type ResponderState, responder } from "../../src/cbke/responder.ts";
import { SoftwareCbkeEngine } from "../../src/cbke/software-engine.ts";
import { TestAuthority } from "../../src/cbke/test-authority.ts";

const random = new SeededRandom(1);
const authority = new TestAuthority(0x0001, Eui64("7465737463610001"), random);
const partners: readonly Partner[] = [
  { eui64: Eui64("00db1234567890a0"), endpoint: 1 },
  { eui64: Eui64("00db1234567890a1"), endpoint: 1 },
];
const certificates = partners.map(({ eui64 }) => authority.issue(eui64).certificate);
const self = Eui64("00db1234567890a2");
const engine = new SoftwareCbkeEngine(self, [authority.issue(self)], random);
const settings = keyEstablishmentSettings(engine, [authority.trusted()]);

const macU = new Uint8Array(16).fill(1);
const macV = new Uint8Array(16).fill(2);

const message: fc.Arbitrary<KeyEstablishmentMessage | undefined> = fc.oneof(
  fc.constantFrom(...certificates, macU).map((certificate) => ({
    kind: "initiate" as const,
    suites: 1,
    ephemeralSeconds: 1,
    confirmSeconds: 1,
    certificate,
  })),
  fc.constant({ kind: "ephemeralData" as const, point: new Uint8Array(22).fill(2) }),
  fc
    .constantFrom(
      macU,
      macV,
      macV.map((octet) => octet ^ 1),
    )
    .map((mac) => ({ kind: "confirmKey" as const, mac })),
  fc.constant({ kind: "terminate" as const, status: 4, waitSeconds: 30, suites: 1 }),
  fc.constant(undefined),
);

const session = fc.integer({ min: 0, max: 3 });
const input: fc.Arbitrary<KeyEstablishmentInput> = fc.oneof(
  {
    arbitrary: fc
      .constantFrom(...partners)
      .map((partner) => ({ type: "start" as const, partner, suite: 1 as const })),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      type: fc.constant("received" as const),
      from: fc.constantFrom(...partners),
      apsCounter: fc.nat(255),
      unicast: fc.constant(true),
      message,
    }),
    weight: 8,
  },
  fc.record({
    type: fc.constant("ephemeral" as const),
    session,
    point: fc.constant(new Uint8Array(22).fill(3)),
  }),
  fc.record({
    type: fc.constant("smacs" as const),
    session,
    smacs: fc.constantFrom({ macU, macV }, { status: 3, reason: "point" }),
  }),
  fc.record({
    type: fc.constantFrom(
      "installed" as const,
      "failed" as const,
      "undelivered" as const,
      "timeout" as const,
    ),
    session,
  }),
);

interface Run {
  readonly phases: string[];
  readonly effects: KeyEstablishmentEffect[];
}

let apsCounter = 0;

/** What an honest partner and a working engine would say next. */
function helpful(
  state: { readonly phase: string; readonly session?: number },
  starts: boolean,
): KeyEstablishmentInput {
  const current = state.session ?? 0;
  const [from = { eui64: self, endpoint: 1 }] = partners;
  const [certificate = macU] = certificates;
  const received = (next: KeyEstablishmentMessage) =>
    ({ type: "received", from, apsCounter: 300 + apsCounter++, unicast: true, message: next }) as const;
  switch (state.phase) {
    case "initiate response":
      return received({ kind: "initiate", suites: 1, ephemeralSeconds: 1, confirmSeconds: 1, certificate });
    case "own ephemeral key":
      return { type: "ephemeral", session: current, point: new Uint8Array(22).fill(3) };
    case "ephemeral data request":
    case "ephemeral data response":
      return received({ kind: "ephemeralData", point: new Uint8Array(22).fill(2) });
    case "own confirmation":
      return { type: "smacs", session: current, smacs: { macU, macV } };
    case "confirm key request":
      return received({ kind: "confirmKey", mac: macU });
    case "confirm key response":
      return received({ kind: "confirmKey", mac: macV });
    case "new key":
      return { type: "installed", session: current };
    default:
      if (starts) return { type: "start", partner: from, suite: 1 };
      return received({ kind: "initiate", suites: 1, ephemeralSeconds: 1, confirmSeconds: 1, certificate });
  }
}
function drive<S extends { readonly phase: string; readonly session?: number }>(
  machine: (
    s: typeof settings,
    state: S,
    input: KeyEstablishmentInput,
  ) => readonly [S, readonly KeyEstablishmentEffect[]],
  start: S,
  inputs: readonly (KeyEstablishmentInput | undefined)[],
  proof: Uint8Array,
): Run {
  const run: Run = { phases: [], effects: [] };
  let state = start;
  for (const given of inputs) {
    const one = given ?? helpful(state, proof === macV);
    const before = inspect(state, { depth: 3 });
    const [next, effects] = machine(settings, state, one);
    expect(inspect(state, { depth: 3 })).toBe(before);
    if (effects.some((effect) => effect.do === "installKey")) {
      const mac = one.type === "received" && one.message?.kind === "confirmKey" ? one.message.mac : proof;
      expect(mac).toEqual(proof);
    }
    if (one.type === "received" && one.message?.kind === "terminate") {
      expect(effects.some((effect) => effect.do === "send")).toBe(false);
    }
    const ended = effects.filter((effect) => effect.do === "ended").length;
    if (next.phase !== "idle") expect(ended).toBe(0);
    else if (state.phase !== "idle") expect(ended).toBe(1);
    else expect(ended).toBeLessThanOrEqual(1);
    run.phases.push(next.phase);
    run.effects.push(...effects);
    state = next;
  }
  return run;
}

describe("any order of inputs", () => {
  it("initiator: ends each exchange once, installs only on the right proof, never answers Terminate", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.option(input, { nil: undefined, freq: 1 }), { maxLength: 25 }), (inputs) => {
        for (const phase of drive<InitiatorState>(initiator, IDLE, inputs, macV).phases) seen.add(phase);
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(seen).toContain("new key");
  });

  it("responder: ends each exchange once, installs only on the right proof, never answers Terminate", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.array(fc.option(input, { nil: undefined, freq: 1 }), { maxLength: 25 }), (inputs) => {
        for (const phase of drive<ResponderState>(responder, IDLE, inputs, macU).phases) seen.add(phase);
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(seen).toContain("new key");
  });
});
