import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { dispatch } from "../../src/cli/main.ts";
import { describeShared, sharedData } from "../shared-data.ts";
import { golden, goldenMessages } from "./golden/load.ts";

const folder = mkdtempSync(join(tmpdir(), "hanway-gbcs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const KEYSTORE = fileURLToPath(new URL("golden/keystore.json", import.meta.url));

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** Standard output as it is. */
  readonly octets: Buffer;
}

function sink(): { stream: Writable; octets: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, octets: () => Buffer.concat(chunks) };
}

async function hanway(args: string[], input: Uint8Array | string = ""): Promise<Result> {
  const out = sink();
  const err = sink();
  const stdin = Readable.from([Buffer.from(input)]);
  const io = { stdin, stdout: out.stream, stderr: err.stream, signal: new AbortController().signal };
  const code = await dispatch(["gbcs", ...args], io);
  return { code, out: out.octets().toString(), err: err.octets().toString(), octets: out.octets() };
}

function file(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("hanway gbcs with --json", () => {
  it.each([
    ["decode", ["decode", "00", "--json"]],
    ["encode", ["encode", '{"envelope":{},"payload":{}}', "--json"]],
    [
      "build",
      [
        ...["build", "ECS17b", "--fields", '{"nope":1}', "--json", "--counter", "1"],
        ...["--target", "00db1234567890a0", "--originator", "90b3d51f30010000"],
      ],
    ],
  ])("%s of what cannot be done is one object with the error", async (_name, args) => {
    const { code, out, err } = await hanway(args);
    expect(code).toBe(1);
    expect(out.trimEnd()).not.toContain("\n");
    expect(JSON.parse(out).error).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    expect(err).toBe(`hanway: ${JSON.parse(out).error.message}\n`);
  });
});

describe("hanway gbcs decode and encode", () => {
  const message = golden("GCS13a consumption");
  const hex = toHex(message);

  it.each([
    ["hex as argument", [hex], ""],
    ["hex with spaces and capitals as argument", [hex.toUpperCase().replace(/(..)/g, "$1 ")], ""],
    ["base64 as argument", [Buffer.from(message).toString("base64")], ""],
    ["hex on standard input", [], `${hex}\n`],
    ["base64 on standard input", ["-"], Buffer.from(message).toString("base64")],
    ["binary on standard input", [], message],
    ["a file of hex", [file("message.hex", `${hex}\n`)], ""],
    ["a file of octets", [file("message.bin", message)], ""],
  ])("reads %s", async (_name, args, input) => {
    const result = await hanway(["decode", "--json", ...args], input);
    expect(result).toMatchObject({ code: 0, err: "" });
    expect(JSON.parse(result.out).envelope.messageCode).toBe(0x74);
    expect(result.out.trimEnd()).not.toContain("\n");
  });

  it("gives every golden message back", async () => {
    for (const { name, message: original } of goldenMessages()) {
      const decoded = await hanway(["decode", "--json", "--keystore", KEYSTORE, toHex(original)]);
      expect(decoded.code, name).toBe(0);
      expect((await hanway(["encode"], decoded.out)).out, name).toBe(`${toHex(original)}\n`);
      const binary = await hanway(["encode", "--binary"], decoded.out);
      expect(binary.octets.toString("hex"), name).toBe(toHex(original));
    }
  });

  it("changes one leaf and the lengths around it, nothing else", async () => {
    const decoded = JSON.parse((await hanway(["decode", "--json", hex])).out);
    decoded.envelope.counter = { int: "1793" };
    const { out } = await hanway(["encode", "--json", JSON.stringify(decoded)]);
    expect(JSON.parse(out).hex).toBe(hex.replace("0000000000000700", "0000000000000701"));
  });

  it("names objects, units, use case and protection, and opens what is encrypted", async () => {
    const { out } = await hanway(["decode", "--json", "--keystore", KEYSTORE, hex]);
    const decoded = JSON.parse(out);
    expect(decoded.protection).toEqual({ required: "mac", signature: "absent", mac: "verified" });
    expect(decoded.useCase).toMatchObject({ code: "GCS13a" });
    expect(decoded.decrypted).toMatchObject([{ outcome: "decrypted" }]);
    expect(decoded.objects).toContainEqual(
      expect.objectContaining({
        name: "CurrentSummationDelivered",
        value: 12345,
        scaled: 12.345,
        unit: "m³",
      }),
    );
    const text = (await hanway(["decode", "--keystore", KEYSTORE, hex])).out;
    expect(text).toContain("CurrentSummationDelivered");
  });

  it("says what is wrong with octets that are no message, as JSON where asked, exit code 1", async () => {
    const { code, out, err } = await hanway(["decode", "--json", hex.slice(0, 60)]);
    expect(code).toBe(1);
    expect(JSON.parse(out).error).toMatchObject({
      code: "decode/truncated",
      field: expect.any(String),
      offset: expect.any(Number),
    });
    expect(err).toMatch(/^hanway: /);
  });

  it.each([
    [["decode", "hello"]],
    [["decode", hex, hex]],
    [["decode", "--nothing"]],
    [["decode", "--keystore", "/nowhere/keystore.json", hex]],
    [["encode", "{"]],
    [["encode", "{}"]],
    [["fly"]],
    [[]],
  ])("takes %j for a wrong call, exit code 2", async (args) => {
    expect((await hanway(args)).code).toBe(2);
  });

  it.each([["decode"], ["encode"], ["build"], ["verify"]])("%s --help shows an example", async (name) => {
    const { code, out } = await hanway([name, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain("Example:\n  hanway gbcs ");
  });
});

describe("hanway gbcs build", () => {
  const remove = ["build", "CCS02", "--target", "02fa17e0000000a2", "--counter", "0x516"];
  const onBehalf = ["--on-behalf-of", "02fa17e000000102:1002"];
  const fields = ["--fields", '{"unregister_device": "02fa17e0000000a0"}'];

  it("makes the golden Command of a use case, JSON fields and a keystore", async () => {
    const { code, out } = await hanway([...remove, ...onBehalf, ...fields, "--keystore", KEYSTORE]);
    expect(code).toBe(0);
    expect(out).toBe(`${toHex(golden("CCS02 remove device"))}\n`);
  });

  it("makes a signed Command that verifies, of a use case and of a pre-command", async () => {
    const keys = ["--keystore", KEYSTORE];
    const critical = [
      "build",
      "ECS42",
      "--originator",
      "02fa17e000000102",
      "--target",
      "02fa17e0000000a0",
      "--counter",
      "7",
    ];
    const built = await hanway([...critical, ...keys]);
    expect(JSON.parse((await hanway(["verify", "--json", ...keys], built.out)).out)).toEqual({
      outcome: "verified",
    });
    const preCommand = await hanway([...critical, "--json"]);
    expect(JSON.parse(preCommand.out).kind).toBe("PRECOMMAND");
    const again = await hanway(["build", "--precommand", JSON.parse(preCommand.out).hex, ...keys]);
    expect((await hanway(["verify", ...keys], again.out)).out).toBe("verified\n");
  });

  it("puts a given signature into a pre-command", async () => {
    const whole = golden("ECS42 close load switch");
    const signature = toHex(whole.subarray(whole.length - 12 - 64, whole.length - 12));
    for (const form of ["bare", "duis"]) {
      const preCommand = toHex(golden(`ECS42 close load switch (${form})`));
      const { out } = await hanway([
        "build",
        "--precommand",
        preCommand,
        "--signature",
        signature,
        "--keystore",
        KEYSTORE,
      ]);
      expect(out).toBe(`${toHex(whole)}\n`);
    }
  });

  it.each([
    ["an unknown use case", ["build", "CCS99", "--target", "02fa17e0000000a2", "--counter", "1"], 2],
    ["no target", ["build", "CCS02", "--counter", "1"], 2],
    [
      "a counter above 64 bits",
      [...remove.slice(0, -1), "18446744073709551616", ...fields, "--keystore", KEYSTORE],
      2,
    ],
    ["a missing field", [...remove, "--keystore", KEYSTORE], 1],
    [
      "a Command where a pre-command is needed",
      ["build", "--precommand", toHex(golden("CCS02 remove device")), "--keystore", KEYSTORE],
      1,
    ],
  ])("refuses %s", async (_name, args, code) => {
    const result = await hanway(args);
    expect(result.code).toBe(code);
    expect(result.out).toBe("");
    expect(result.err).toMatch(/^hanway: .+\n$/);
  });
});

describe("hanway gbcs verify", () => {
  const keys = ["--keystore", KEYSTORE];
  const records = goldenMessages().map(({ name, kind, message }) => ({ name, kind, hex: toHex(message) }));
  const lines = (list: readonly object[]) => list.map((record) => JSON.stringify(record)).join("\n");

  it("sums up a file of messages in one object, exit code 0 when nothing checkable failed", async () => {
    const path = file("vectors.jsonl", lines(records));
    const { code, out } = await hanway(["verify", "--vectors", path, ...keys, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      total: 16,
      parsed: 16,
      roundTripIdentical: 16,
      macPresent: 11,
      macVerified: 11,
      macUncheckable: 0,
      macFailed: 0,
      signaturePresent: 4,
      signatureVerified: 4,
      signatureFailed: 0,
      encryptedPresent: 3,
      decrypted: 3,
      failures: [],
    });
  });

  it("names each failure and prints the object all the same, exit code 1", async () => {
    const at = (name: string) =>
      records.find((record) => record.name === name) ?? { name, kind: "", hex: "" };
    const damaged = (record: { hex: string }, from: number) => ({
      ...record,
      hex: `${record.hex.slice(0, from)}${record.hex.at(from) === "0" ? "1" : "0"}${record.hex.slice(from === -1 ? record.hex.length : from + 1)}`,
    });
    const mac = at("CCS02 removed");
    const signed = at("ECS42 closed");
    const cut = { ...mac, hex: mac.hex.slice(0, -2) };
    const list = [
      damaged(mac, mac.hex.length - 1),
      damaged(signed, signed.hex.length - 1),
      cut,
      { ...mac, hex: "xyz" },
      { ...mac, kind: "ALERT" },
    ];
    const { code, out } = await hanway([
      "verify",
      "--vectors",
      file("bad.jsonl", lines(list)),
      ...keys,
      "--json",
    ]);
    expect(code).toBe(1);
    const summary = JSON.parse(out);
    expect(summary).toMatchObject({
      total: 5,
      parsed: 3,
      macFailed: 1,
      signatureFailed: 1,
      roundTripIdentical: 3,
    });
    expect(summary.failures.map(({ check }: { check: string }) => check)).toEqual([
      "mac",
      "signature",
      "parse",
      "parse",
      "kind",
    ]);
  });

  it("counts a MAC whose keys are not there as uncheckable and fails nothing", async () => {
    const few = JSON.parse(readFileSync(KEYSTORE, "utf8")).slice(0, 2);
    const args = [
      "--vectors",
      file("some.jsonl", lines(records)),
      "--keystore",
      file("few.json", JSON.stringify(few)),
    ];
    const { code, out } = await hanway(["verify", ...args, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      macUncheckable: 11,
      macVerified: 0,
      decrypted: 0,
      signatureVerified: 0,
    });
  });

  it.each([
    ["a wrong target", ["--target", "02fa17e0000000a3"], "wrong-target"],
    ["a replay", ["--last-counter", "1302"], "replayed"],
  ])("tells %s by name, exit code 1", async (_name, args, outcome) => {
    const { code, out } = await hanway(["verify", toHex(golden("CCS02 remove device")), ...keys, ...args]);
    expect({ code, out }).toEqual({ code: 1, out: `${outcome}\n` });
  });

  it("never prints a private key", async () => {
    const scalars: string[] = JSON.parse(readFileSync(KEYSTORE, "utf8")).map(
      ({ privateScalar }: { privateScalar: string }) => privateScalar,
    );
    for (const args of [
      ["verify", "--vectors", file("all.jsonl", lines(records))],
      ["decode", records[0]?.hex ?? ""],
    ]) {
      const { out, err } = await hanway([...args, ...keys]);
      for (const scalar of scalars) expect(out + err).not.toContain(scalar);
    }
  });
});

describeShared("hanway gbcs verify on the published messages", "rtds.jsonl", (path) => {
  it("finds every MAC, signature and ciphertext right whose keys are published", async () => {
    const keystore = sharedData("rtds-keystore.json") ?? "";
    const { code, out } = await hanway(["verify", "--vectors", path, "--keystore", keystore, "--json"]);
    const summary = JSON.parse(out);
    expect(code).toBe(0);
    expect(summary).toMatchObject({ macFailed: 0, macUncheckable: 4, signatureFailed: 0, failures: [] });
    expect(summary.parsed).toBe(summary.total);
    expect(summary.roundTripIdentical).toBe(summary.total);
    expect(summary.macVerified).toBe(summary.macPresent - 4);
    expect(summary.signatureVerified).toBe(summary.signaturePresent);
    expect(summary.decrypted).toBe(summary.encryptedPresent);
  });
});
