import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { encodeEnvelope } from "../../src/gbcs/envelope/encode.ts";
import { describeShared } from "../shared-data.ts";
import { hanway } from "./run-hanway.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-conformance-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("hanway conformance called wrongly", () => {
  it.each([
    ["no vectors", ["--level", "relay"], /--vectors FILE is needed/],
    ["no level", ["--vectors", "x"], /--level relay or --level execute/],
    ["a level there is not", ["--vectors", "x", "--level", "all"], /--level relay or --level execute/],
    ["execute without keys", ["--vectors", "x", "--level", "execute"], /needs --keystore/],
    ["a file that is not there", ["--vectors", "/nowhere", "--level", "relay"], /vector file/],
    ["too much loss", ["--vectors", "x", "--level", "relay", "--loss", "0.5"], /--loss takes a share/],
  ])("%s: one sentence and exit code 2", async (_name, args, sentence) => {
    const { code, stdout, stderr } = await hanway("conformance", ...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    ["no JSON", "{", /line 1 is not JSON/],
    ["no hex", '{"name":"a","kind":"COMMAND","hex":"abc"}', /line 1: hex is not hex digits in pairs/],
    ["no message", '{"name":"a","kind":"COMMAND","hex":"abcd"}', /line 1: a is no GBCS message/],
    ["nothing at all", "", /no message for this level/],
  ])("a vector file with %s: one sentence and exit code 2", async (name, text, sentence) => {
    const vectors = file(`${name.replaceAll(" ", "-")}.jsonl`, text);
    const { code, stdout, stderr } = await hanway("conformance", "--vectors", vectors, "--level", "relay");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });

  it("a keystore that is none: one sentence that quotes nothing of it", async () => {
    const keystore = file("keys.json", '[{"secret": "00112233"');
    const vectors = file("empty.jsonl", "");
    const call = ["--vectors", vectors, "--keystore", keystore, "--level", "execute"];
    const { code, stderr } = await hanway("conformance", ...call);
    expect(code).toBe(2);
    expect(stderr).not.toMatch(/0011/);
  });
});

describe("hanway conformance with nothing to run", () => {
  it("a file of Responses alone is counted, and is no success", async () => {
    const response = encodeEnvelope({
      kind: "RESPONSE",
      counter: 7n,
      originator: Eui64("00db1234567890a0"),
      target: Eui64("90b3d51f30010000"),
      dateTime: null,
      messageCode: 0x0027,
      supplementary: null,
      content: Uint8Array.of(1),
      signature: null,
      mac: new Uint8Array(12),
    });
    const line = JSON.stringify({ name: "a_RESPONSE", kind: "RESPONSE", hex: toHex(response) });
    const call = ["--vectors", file("answers.jsonl", line), "--level", "relay", "--json"];
    const { code, stdout } = await hanway("conformance", ...call);
    expect(JSON.parse(stdout)).toMatchObject({ total: 0, alerts: 0, unpaired: 1 });
    expect(code).toBe(1);
  });
});

describeShared("hanway conformance --level relay", "rtds.jsonl", (vectors) => {
  it("prints one object on one line, and exit code 0 when all passed", async () => {
    const call = ["--vectors", vectors, "--level", "relay", "--use-case", "ECS17a", "--json"];
    const { code, stdout } = await hanway("conformance", ...call);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({ level: "relay", failed: 0, notYet: 0, unpaired: 0, failures: [] });
    expect(code).toBe(0);
  }, 30_000);
});
