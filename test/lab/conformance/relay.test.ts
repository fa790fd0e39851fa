import { describe, expect, it } from "vitest";
import { Eui64 } from "../../../src/base/eui64.ts";
import { encodeEnvelope } from "../../../src/gbcs/envelope/encode.ts";
import type { SecuredMessage } from "../../../src/gbcs/envelope/envelope.ts";
import { casesOf } from "../../../src/lab/conformance/cases.ts";
import { partiesOf } from "../../../src/lab/conformance/parties.ts";
import { difference } from "../../../src/lab/conformance/report.ts";
import { type ConformanceOptions, runConformance } from "../../../src/lab/conformance/run.ts";
import { readVectors, type VectorRecord } from "../../../src/lab/vectors.ts";
import { describeShared } from "../../shared-data.ts";

const METER = Eui64("00db1234567890a0");
const OTHER = Eui64("00db1234567890b7");
const HUB = Eui64("00db1234567890a2");
const GAS = Eui64("00db1234567890a1");
const DISPLAY = Eui64("00db1234567890a4");
const PARTY = Eui64("90b3d51f30010000");
const READ_ENERGY = 0x0027;
const HAN_ONLY = 0x009b;

function record(
  name: string,
  kind: "COMMAND" | "RESPONSE" | "ALERT",
  more: { device?: Eui64; counter?: bigint; messageCode?: number; content?: number; party?: Eui64 } = {},
): VectorRecord {
  const { device = METER, counter = 7n, messageCode = READ_ENERGY, content = 1, party = PARTY } = more;
  const down = kind === "COMMAND";
  const message: SecuredMessage = {
    kind,
    counter,
    originator: down ? party : device,
    target: down ? device : party,
    dateTime: null,
    messageCode,
    supplementary: null,
    content: Uint8Array.of(content),
    signature: null,
    mac: new Uint8Array(12),
  };
  return { name: `${name}_${kind}`, useCase: "ECS17b", kind, bytes: encodeEnvelope(message) };
}

function run(records: VectorRecord[], more: Partial<ConformanceOptions> = {}) {
  return runConformance({
    records,
    keystore: undefined,
    level: "relay",
    useCase: undefined,
    loss: 0,
    seed: 1,
    version: "test",
    tell: () => {},
    signal: new AbortController().signal,
    ...more,
  });
}

describe("the cases of a vector file", () => {
  it("pairs by name, never by counter", () => {
    const cases = casesOf([
      record("a", "COMMAND"),
      record("b", "COMMAND", { content: 2 }),
      record("b", "RESPONSE", { content: 3 }),
      record("a", "RESPONSE", { content: 4 }),
    ]);
    expect(cases.pairs.map(({ name, response }) => [name, response.at(-14)])).toEqual([
      ["a_COMMAND", 4],
      ["b_COMMAND", 3],
    ]);
  });

  it("tells Commands and Responses without a partner apart from pairs", () => {
    const cases = casesOf([record("a", "COMMAND"), record("b", "RESPONSE"), record("c", "ALERT")]);
    expect(cases.pairs).toEqual([]);
    expect(cases.unpaired.map(({ name }) => name)).toEqual(["a_COMMAND", "b_RESPONSE"]);
    expect(cases.alerts.map(({ name }) => name)).toEqual(["c_ALERT"]);
  });

  it("gives each Command of one name a Response of its own, in the order of the file", () => {
    const cases = casesOf([
      record("a", "COMMAND"),
      record("a", "RESPONSE", { content: 3 }),
      record("a", "COMMAND", { content: 2 }),
      record("a", "RESPONSE", { content: 4 }),
      record("a", "RESPONSE", { content: 5 }),
      record("b", "COMMAND"),
    ]);
    expect(cases.pairs.map(({ command, response }) => [command.at(-14), response.at(-14)])).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(cases.unpaired.map(({ name }) => name)).toEqual(["b_COMMAND", "a_RESPONSE"]);
  });

  it("names the record that is no message", () => {
    const broken = { ...record("a", "COMMAND"), bytes: Uint8Array.of(1, 2, 3) };
    expect(() => casesOf([broken])).toThrow(/vector a_COMMAND/);
  });

  it("knows devices of other addresses by what they are asked", () => {
    const parties = partiesOf([
      record("a", "COMMAND", { device: OTHER }),
      record("b", "COMMAND", { device: HUB, messageCode: 0x0002 }),
    ]);
    expect(parties.get(OTHER)).toBe("esme");
    expect(parties.get(HUB)).toBe("chf");
  });

  it("knows a display of another address by the HAN-only Command that it sends, and a remote party by its others", () => {
    const inHome = record("a", "COMMAND", { messageCode: HAN_ONLY, party: OTHER });
    expect(partiesOf([inHome]).get(OTHER)).toBe("ppmid");
    expect(partiesOf([inHome, record("b", "COMMAND", { party: OTHER })]).get(OTHER)).toBeUndefined();
  });

  it("tells in which part of a message the first difference lies", () => {
    const { bytes } = record("a", "COMMAND");
    const changed = bytes.slice();
    changed[bytes.length - 14] = 9;
    expect(difference(bytes, bytes)).toBeUndefined();
    expect(difference(bytes, changed)?.field).toMatch(/^content at octet \d+$/);
    expect(difference(bytes, bytes.subarray(0, -1))?.field).toMatch(/^mac at octet/);
    expect(difference(bytes, undefined)).toMatchObject({ field: "message", got: "nothing" });
  });
});

describe("conformance --level relay", () => {
  it("passes what arrives unchanged at both ends, twins and Alerts too", async () => {
    const twin = (name: string) => [record(name, "COMMAND"), record(name, "RESPONSE")];
    const report = await run([...twin("a"), ...twin("b"), record("c", "ALERT", { messageCode: 0x1001 })]);
    expect(report).toMatchObject({ total: 2, passed: 2, failed: 0, notYet: 0, alerts: 1, failures: [] });
  });

  it("fails what the hub refuses to carry, and says why", async () => {
    const report = await run([
      record("han", "COMMAND", { messageCode: HAN_ONLY }),
      record("han", "RESPONSE", { messageCode: HAN_ONLY }),
      record("good", "COMMAND"),
      record("good", "RESPONSE"),
    ]);
    expect(report).toMatchObject({ total: 2, passed: 1, failed: 1 });
    expect(report.failures).toMatchObject([
      { name: "han_COMMAND", kind: "COMMAND", field: "message", got: "refused by the hub: han-only" },
    ]);
  });

  it("goes on after Commands that the hub refused: they say nothing of the device", async () => {
    const refused = ["a", "b", "c", "d"].flatMap((name) => [
      record(name, "COMMAND", { messageCode: HAN_ONLY }),
      record(name, "RESPONSE", { messageCode: HAN_ONLY }),
    ]);
    const report = await run([...refused, record("good", "COMMAND"), record("good", "RESPONSE")]);
    expect(report).toMatchObject({ total: 5, passed: 1, failed: 4 });
  });

  it("fails a Response and an Alert that do not arrive", async () => {
    const foreign = record("a", "RESPONSE", { device: OTHER });
    const huge = new Uint8Array(5_000);
    const alert = record("big", "ALERT", { messageCode: 0x1001 });
    const sized = { ...alert, bytes: withContent(huge) };
    const report = await run([record("a", "COMMAND"), foreign, sized], { patienceMs: 500 });
    expect(report).toMatchObject({ total: 1, passed: 0, failed: 1, alerts: 0 });
    expect(report.failures.map(({ kind, got }) => [kind, got])).toEqual([
      ["RESPONSE", "nothing within 0.5 s"],
      ["ALERT", "the hub did not take it from the device"],
    ]);
  });

  it("wakes the gas meter for its messages, and takes its Alerts, without waiting for its half hour", async () => {
    const report = await run([
      record("gas", "COMMAND", { device: GAS, messageCode: 0x0074 }),
      record("gas", "RESPONSE", { device: GAS, messageCode: 0x0074 }),
      record("gas", "ALERT", { device: GAS, messageCode: 0x1002 }),
    ]);
    expect(report).toMatchObject({ total: 1, passed: 1, notYet: 0, alerts: 1, failures: [] });
  });

  it("HAN-only pairs go from display to gas meter and back, and the broker sees nothing (A4.5)", async () => {
    const report = await run([
      record("han", "COMMAND", { device: GAS, messageCode: HAN_ONLY, party: DISPLAY }),
      record("han", "RESPONSE", { device: GAS, messageCode: HAN_ONLY, party: DISPLAY }),
    ]);
    expect(report).toMatchObject({ total: 1, passed: 1, failures: [] });
  });

  it("refuses a use case that the file does not have", async () => {
    await expect(run([record("a", "COMMAND")], { useCase: "ECS99" })).rejects.toMatchObject({
      code: "config/invalid",
    });
  });
});

function withContent(content: Uint8Array): Uint8Array {
  const message: SecuredMessage = {
    kind: "ALERT",
    counter: 8n,
    originator: METER,
    target: PARTY,
    dateTime: null,
    messageCode: 0x1001,
    supplementary: null,
    content,
    signature: null,
    mac: new Uint8Array(12),
  };
  return encodeEnvelope(message);
}

describeShared("conformance --level relay over the published messages", "rtds.jsonl", (vectors) => {
  it("passes every ESME pair and Alert with 2 % of the radio frames lost", async () => {
    const records = readVectors(vectors);
    const meters = records.filter((one) => partiesOf([one]).has(METER));
    const report = await run(meters, { loss: 0.02, seed: 5 });
    expect(report.failures).toEqual([]);
    expect(report).toMatchObject({ notYet: 0, alerts: 42 });
    expect(report.passed).toBe(report.total);
    expect(report.total).toBeGreaterThan(200);
  }, 60_000);
});
