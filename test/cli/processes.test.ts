import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MessageId, Tenant } from "../../src/base/wan-topic.ts";
import { HeadEndLink } from "../../src/headend/link.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { Ledger } from "../../src/lab/ledger.ts";
import { pairVectors, readVectors } from "../../src/lab/vectors.ts";
import { CHF, GPF, METER, until } from "../app/home.ts";
import { describeShared } from "../shared-data.ts";
import { HanwayProcess, hanway } from "./run-hanway.ts";

const LABEL = "83FED3407A939723A5C639B26916D505C3B5";
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configFile(name: string, radio: string, broker: string, more = ""): string {
  const path = join(folder, `${name}.toml`);
  writeFileSync(
    path,
    `[hub]
tenant = "three"
chf = "${CHF}"
gpf = "${GPF}"
dataDir = ${JSON.stringify(join(folder, name))}
joinSeconds = 120
[radio]
port = "${radio}"
channel = 15
[[wan.broker]]
url = "${broker}"
[[device]]
eui64 = "${METER}"
type = "esme"
installCode = "${LABEL}"
${more}`,
  );
  return path;
}

describeShared("three processes: a broker, hanway emulate, hanway run", "rtds.jsonl", (vectors) => {
  it("relay every recorded ESME pair unchanged, with the test as the far end", async () => {
    await using broker = await startBroker();
    await using emulator = new HanwayProcess([
      "emulate",
      ...["--listen", "tcp://127.0.0.1:0", "--eui64", GPF, "--seed", "3"],
      ...["--device", `esme:${METER}:${LABEL}`, "--vectors", vectors],
    ]);
    const radio = await emulator.says(/^listening (\S+)$/m);
    const ledger = new Ledger();
    await using farEnd = await HeadEndLink.connect(
      broker.url,
      { tenant: "three" as Tenant, hub: CHF },
      { up: ({ payload }) => ledger.atFarEnd(payload) },
    );
    await using hub = new HanwayProcess([
      "run",
      "--config",
      configFile("three", radio, broker.url, "transferSize = 4096"),
    ]);
    await hub.says(/"msg":"tunnel open"/);
    const pairs = pairVectors(readVectors(vectors)).filter(({ target }) => target === METER);
    const responses = pairs.flatMap(({ response }) => (response === undefined ? [] : [response]));
    for (const [i, { command, response }] of pairs.entries()) {
      ledger.offer({ command, response });
      ledger.atDevice(command); // what the meter got is shown by its answer: it knows no other octets
      await farEnd.send(METER, `pair-${i}` as MessageId, command);
    }
    await until(() => ledger.complete, "every Response", 40_000);
    expect(ledger.counts()).toMatchObject({ responses: responses.length, mismatched: 0, lost: 0 });
    expect(pairs.length).toBeGreaterThan(200);

    hub.kill("SIGTERM");
    expect(await hub.exit()).toBe(0);
    emulator.kill("SIGINT");
    expect(await emulator.exit()).toBe(130);
    for (const line of hub.stdout.trim().split("\n")) JSON.parse(line);
    expect(hub.stdout).not.toContain(LABEL.toLowerCase());
    expect(emulator.stdout).toMatch(/^listening tcp:\/\/127\.0\.0\.1:\d+\n$/);
  }, 60_000);
});

describe("wrong calls end with one clear sentence and exit code 2", () => {
  it.each([
    [["nonsense"], /there is no command "nonsense"/],
    [["run"], /needs --config FILE/],
    [["run", "--config", "/nonexistent.toml"], /there is no such file/],
    [["run", "--conf", "x"], /Unknown option '--conf'/],
    [["emulate"], /needs --listen/],
    [["emulate", "--listen", "udp://x"], /listen/],
    [["emulate", "--listen", "tcp://127.0.0.1:0", "--ezsp", "12"], /13 to 19/],
    [["emulate", "--listen", "tcp://127.0.0.1:0", "--device", "esme:1:2"], /TYPE:EUI64:INSTALLCODE/],
    [["emulate", "--listen", "tcp://127.0.0.1:0", "--fault", "meteor@3"], /no fault/],
    [["demo", "--exit-after", "soon"], /takes a time/],
    [["demo", "--seed", ""], /--seed takes a whole number/],
    [["demo", "--seed", "-1"], /Option '--seed' argument is ambiguous/],
    [["demo", "--\u001b[31mred"], /Unknown option '--\\u\{1b\}\[31mred'/],
    [["emulate", "--listen", "tcp://127.0.0.1:0", "--eui64", "zz"], /--eui64: "zz" is not 16 hex digits/],
    [["emulate", "--listen", "tcp://127.0.0.1:0", "--device", `esme:${METER}:${LABEL}00`], /--device/],
    [["unpair", "zz"], /is not 16 hex digits/],
    [["gbcs", "build", "ECS17b", "--originator", METER, "--counter", "1", "--target", "z"], /--target/],
    [["demo", "--fault", "meteor"], /there are broker-down, unplug, power-cut/],
    [["demo", "--vectors", "/nonexistent.jsonl"], /cannot be read/],
  ])("hanway %j", async (args, sentence) => {
    const { code, stdout, stderr } = await hanway(...args);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("a port in use", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { code, stderr } = await hanway("emulate", "--listen", `tcp://127.0.0.1:${port}`);
    server.close();
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(String(port));
    expect(code).toBe(2);
  });

  it.each([
    ["a missing serial path", "/dev/does-not-exist"],
    ["a path that is no serial device", "/etc/hostname"],
    ["a TCP port where nobody listens", "tcp://127.0.0.1:9"],
  ])("%s", async (_what, radio) => {
    const { code, stderr } = await hanway(
      "run",
      "--config",
      configFile("absent", radio, "mqtt://127.0.0.1:9"),
    );
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^hanway: /);
    expect(code).toBe(2);
  });
});

describe("help", () => {
  it.each(["demo", "run", "emulate"])("hanway %s --help has an example", async (command) => {
    const { code, stdout } = await hanway(command, "--help");
    expect(stdout).toMatch(/Example/);
    expect(code).toBe(0);
  });
});

describe("hanway demo", () => {
  it("prints exactly one JSON object on standard output with --json", async () => {
    const { code, stdout, stderr } = await hanway("demo", "--exit-when-done", "--json");
    const summary: unknown = JSON.parse(stdout);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(summary).toMatchObject({
      formed: true,
      joined: 7,
      offered: 5,
      relayed: 5,
      responses: 5,
      lost: 0,
      mismatched: 0,
    });
    expect(stderr).toContain("network formed");
    expect(code).toBe(0);
  });

  it("ends cleanly on Ctrl-C, with a summary and exit code 130", async () => {
    await using demo = new HanwayProcess(["demo"]);
    await demo.says(/message out/);
    demo.kill("SIGINT");
    expect(await demo.exit()).toBe(130);
    expect(demo.stdout).toContain("summary: ");
    expect(demo.stderr).toBe("");
  });

  it("with --exit-after stops offering in time for everything to arrive", async () => {
    const { stdout } = await hanway("demo", "--exit-after", "4s", "--json");
    const summary: Record<string, unknown> = JSON.parse(stdout);
    expect(summary.offered).toBeGreaterThan(0);
    expect(summary).toMatchObject({ responses: summary.offered, lost: 0 });
  });
});
