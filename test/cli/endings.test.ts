import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { dispatch } from "../../src/cli/main.ts";
import { encodeEnvelope } from "../../src/gbcs/envelope/encode.ts";
import { GPF, METER, until } from "../app/home.ts";
import { HanwayProcess, LAUNCHER } from "./run-hanway.ts";

/** What takes two seconds here may take many elsewhere. */
const SLOW_MACHINE_MS = 90_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-endings-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A demo with a folder for its temporary files alone. */
function start(...args: string[]): HanwayProcess {
  return new HanwayProcess(args, { env: { TMPDIR: folder } });
}

function leftOvers(): string[] {
  // Tools of the user look here for a demo that runs; the folder stays.
  return readdirSync(folder).filter((name) => !/^hanway-\d+$/.test(name));
}

/** Hex of a Command to a device, with octets in place of payload and MAC. */
function command(target: Eui64): string {
  const message = {
    kind: "COMMAND" as const,
    counter: 7n,
    originator: Eui64("90b3d51f30010000"),
    target,
    dateTime: null,
    messageCode: 0x0027,
    supplementary: null,
    content: Uint8Array.of(1),
    signature: null,
    mac: new Uint8Array(12),
  };
  return toHex(encodeEnvelope(message));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("a command that a signal ends", { timeout: SLOW_MACHINE_MS }, () => {
  it.each(["SIGINT", "SIGTERM"] as const)("%s ends a demo with 130 and its summary", async (signal) => {
    await using demo = start("demo", "--fault", "power-cut");
    const hub = Number(await demo.says(/the hub is process (\d+)/));
    demo.kill(signal);
    expect(await demo.exit()).toBe(130);
    expect(demo.stdout).toContain("summary: ");
    expect(isAlive(hub)).toBe(false);
    expect(leftOvers()).toEqual([]);
  });

  it("Ctrl-C that comes from the terminal and from a launcher is one", async () => {
    // Its hub takes a while to stop.
    await using demo = start("demo", "--fault", "power-cut");
    await demo.says(/tunnel open/);
    demo.kill("SIGINT");
    await new Promise((wake) => setTimeout(wake, 20));
    demo.kill("SIGINT");
    expect(await demo.exit()).toBe(130);
    expect(demo.stdout).toContain("summary: ");
    expect(leftOvers()).toEqual([]);
  });

  it("waits for no message on standard input any more", async () => {
    const abort = new AbortController();
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const code = dispatch(["gbcs", "decode"], { stdin, stdout, stderr, signal: abort.signal });
    stdin.write("df09");
    setTimeout(() => abort.abort("SIGINT"), 20);
    expect(await code).toBe(130);
    expect(stderr.read()).toBeNull();
  });
});

describe("a command whose reader goes away", { timeout: SLOW_MACHINE_MS }, () => {
  it("ends, its hub with it, and leaves no file", async () => {
    await using demo = start("demo", "--fault", "power-cut");
    const hub = Number(await demo.says(/the hub is process (\d+)/));
    demo.turnAway("stdout");
    expect(await demo.exit()).toBe(0);
    await until(() => !isAlive(hub), "the hub's end");
    expect(leftOvers()).toEqual([]);
  });

  it("still gives its result where nobody reads the story", async () => {
    await using demo = start("demo", "--exit-when-done", "--json");
    demo.turnAway("stderr");
    expect(await demo.exit()).toBe(0);
    expect(JSON.parse(demo.stdout)).toMatchObject({ lost: 0, joined: 7 });
  });

  it("does not call it good when the disk is full", () => {
    const call = [LAUNCHER, "catalogue", "top", "up"].map((word) => `'${word}'`).join(" ");
    const { status, stderr } = spawnSync("sh", ["-c", `'${process.execPath}' ${call} > /dev/full`], {
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^hanway: standard output cannot be written: .*\n$/);
  });
});

describe("hanway demo --vectors", { timeout: SLOW_MACHINE_MS }, () => {
  it("ends as soon as a last Command without a known Response is at the meter", async () => {
    const path = join(folder, "unanswered.jsonl");
    writeFileSync(path, `${JSON.stringify({ name: "a_COMMAND", kind: "COMMAND", hex: command(METER) })}\n`);
    await using demo = start("demo", "--vectors", path, "--exit-when-done", "--json");
    expect(await demo.exit()).toBe(0);
    expect(JSON.parse(demo.stdout)).toMatchObject({ offered: 1, relayed: 1, responses: 0, lost: 0 });
    const at = (what: string) => Number(new RegExp(`([\\d.]+)s  ${what}`).exec(demo.stderr)?.[1]);
    expect(at("summary: ") - at("message in 1: ")).toBeLessThan(15);
  });

  it("says when a file has nothing for its meter", async () => {
    const path = join(folder, "others.jsonl");
    writeFileSync(path, `${JSON.stringify({ name: "a_COMMAND", kind: "COMMAND", hex: command(GPF) })}\n`);
    await using demo = start("demo", "--vectors", path, "--exit-when-done", "--json");
    expect(await demo.exit()).toBe(2);
    expect(demo.stdout).toBe("");
    expect(demo.stderr).toMatch(/^hanway: .*no Command for the electricity meter 00db1234567890a0\n$/);
  });
});

describe("what a vector file may look like", { timeout: SLOW_MACHINE_MS }, () => {
  it("a byte order mark in front is no fault; a line that is no message is named", async () => {
    const path = join(folder, "marked.jsonl");
    writeFileSync(path, `\uFEFF\r\n{"name":"a_COMMAND","kind":"COMMAND","hex":"00112233"}\r\n`);
    for (const args of [["demo"], ["conformance", "--level", "relay"]]) {
      await using child = new HanwayProcess([...args, "--vectors", path]);
      expect(await child.exit()).toBe(2);
      expect(child.stderr).toMatch(/line 2: a_COMMAND is no GBCS message \(.* at octet 0\)\n$/);
      expect(child.stderr.trim().split("\n")).toHaveLength(1);
    }
  });
});
