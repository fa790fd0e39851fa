import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SystemClock } from "../../src/base/clock.ts";
import type { Tenant } from "../../src/base/wan-topic.ts";
import { HeadEndLink } from "../../src/headend/link.ts";
import { startBroker } from "../../src/lab/broker.ts";
import { MODEM_DEFAULTS, Modem } from "../../src/wan/modem/modem.ts";
import { CHF, until } from "../app/home.ts";
import { MemoryLedger, pause, QUICK, type Said } from "../wan/modem/home.ts";
import { HanwayProcess } from "./run-hanway.ts";
import { hanway } from "./streams.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-modem-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("hanway emulate --modem, wrong calls: one sentence and exit code 2", () => {
  it.each([
    [[], /needs --listen, --modem or both/],
    [["--modem", "udp://x"], /pty:PATH/],
    [["--modem", "pty", "--modem-fault", "melt"], /no fault of a modem; possible are dead/],
    [["--modem", "pty", "--modem-fault", "dead@soon"], /NAME@SECONDS/],
    [["--modem", "pty", "--modem-fault", "dead@9-3"], /NAME@FROM-TO/],
    [["--modem", "pty", "--modem-pin", "12a4"], /4 to 8 digits/],
    [["--modem-fault", "dead"], /give --modem as well/],
    [["--modem", "pty", "--loss", "0.1"], /--loss is for an emulated coordinator/],
    [["--modem", "tcp://127.0.0.1:0", "--listen", "udp://x"], /udp/],
  ])("%j", async (args, sentence) => {
    const { code, out, err } = await hanway(["emulate", ...args]);
    expect(err).toMatch(sentence);
    expect([err.trim().split("\n").length, out, code]).toEqual([1, "", 2]);
  });
});

describe("hanway emulate --modem beside the radio, and hanway run on both", () => {
  it("the hub gets on the network: operator, technology and signal in its retained state; then loses it", async () => {
    await using broker = await startBroker();
    const port = join(folder, "beside");
    await using emulator = new HanwayProcess([
      "emulate",
      ...["--listen", "tcp://127.0.0.1:0", "--json"],
      ...["--modem", `pty:${port}`, "--modem-pin", "8642"],
    ]);
    const places: { listening: string; modem: string } = JSON.parse(await emulator.says(/^(\{.*\})$/m));
    expect(places).toEqual({ listening: expect.stringMatching(/^tcp:/), modem: port });
    const states: Record<string, unknown>[] = [];
    await using _farEnd = await HeadEndLink.connect(
      broker.url,
      { tenant: "modem" as Tenant, hub: CHF },
      {
        state: (_online, told) => void states.push({ ...told }),
      },
    );
    const config = join(folder, "hub.toml");
    writeFileSync(
      config,
      `[hub]
tenant = "modem"
chf = "${CHF}"
dataDir = ${JSON.stringify(join(folder, "data"))}
[radio]
port = "${places.listening}"
channel = 15
[[wan.broker]]
url = "${broker.url}"
[modem]
port = "${places.modem}"
pin = "8642"
apn = "smart.meter"
`,
    );
    await using hub = new HanwayProcess(["run", "--config", config]);
    const modem = () => JSON.stringify(states.at(-1)?.modem ?? {});
    await until(() => modem().includes('"attached":true'), "the modem attached", 40_000);
    expect(states.at(-1)?.modem).toMatchObject({
      wan: "connected",
      registration: "home",
      technology: "4G",
      operator: "Test Mobile",
      signal: { words: "good", bars: 4 },
    });
    expect(hub.stdout).not.toContain("8642");
    emulator.kill("SIGINT");
    expect(await emulator.exit()).toBe(130);
    await until(() => modem().includes('"fault":"port"'), "the lost modem in state", 60_000);
    const said = () => hub.stdout.split("\n").filter((line) => /modem port .* does not exist/.test(line));
    await until(() => said().length > 0, "the line about the port");
    await pause(6_000);
    expect(said()).toHaveLength(1);
  }, 120_000);
});

/** A hub's modem room, its waits made short, on what `hanway emulate` shows it. */
class Desk implements AsyncDisposable {
  readonly log: Said[] = [];
  readonly faults = new Set<string | undefined>();
  readonly modem: Modem;
  readonly #stopped = new AbortController();
  readonly #emulate: Promise<unknown>;

  private constructor(path: string, args: readonly string[]) {
    this.#emulate = hanway(["emulate", "--modem", `pty:${path}`, ...args], this.#stopped.signal);
    const at = (level: string) => (fields: object, sentence: string) => {
      this.log.push({ level, fields, sentence });
    };
    this.modem = new Modem(
      {
        ...MODEM_DEFAULTS,
        ...QUICK,
        timing: { ...QUICK.timing, restMs: 2_000, noNetworkMs: 1_000, bootMs: 3_500 },
        port: { port: path, baudRate: 115_200, rtscts: false, openMs: 2_000 },
        profile: { pin: "1234", apn: undefined, context: 1, activate: false, networkTime: "local" },
        reset: undefined,
      },
      {
        clock: new SystemClock(),
        log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
        pins: new MemoryLedger(),
        changed: (status) => this.faults.add(status.fault),
      },
    );
  }

  static async start(name: string, ...args: string[]): Promise<Desk> {
    const path = join(folder, name);
    const made = new Desk(path, args);
    await until(() => existsSync(path), "the pseudo terminal");
    made.modem.start();
    return made;
  }

  warnings(part: RegExp): Said[] {
    return this.log.filter(({ level, sentence }) => level === "warn" && part.test(sentence));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.modem.stop();
    this.#stopped.abort("SIGTERM");
    await this.#emulate;
  }
}

describe.concurrent("hanway emulate --modem-fault: the hub says one clear line, tries its cures, and leaves the modem alone", () => {
  it.each([
    ["dead", /does not answer/],
    ["garbage", /does not answer/],
    ["no-sim", /there is no SIM in the modem/],
    ["lost-registration", /finds no network/],
  ])(
    "%s",
    async (fault, sentence) => {
      await using desk = await Desk.start(fault, "--modem-fault", fault);
      await until(() => desk.warnings(/left alone for a while/).length === 1, "the rest", 40_000);
      expect(desk.warnings(sentence)).toHaveLength(1);
      await pause(3_000);
      expect(desk.warnings(sentence)).toHaveLength(1);
      expect(desk.warnings(/next cure/).length).toBeLessThanOrEqual(2);
      expect(desk.log.filter(({ level }) => level === "warn").length).toBeLessThan(6);
      expect(desk.modem.status.attached).toBe(false);
    },
    60_000,
  );

  it("wrong-pin: the PIN goes to the SIM once, and never locks it", async () => {
    await using desk = await Desk.start("wrong-pin", "--modem-fault", "wrong-pin", "--modem-pin", "1234");
    await until(() => desk.modem.status.fault === "pin-refused", "the refusal", 40_000);
    await pause(3_000);
    expect(desk.warnings(/refused the PIN/)).toHaveLength(1);
    expect(desk.faults).not.toContain("puk");
  }, 60_000);

  it("flood: one line, and the network when it is over", async () => {
    await using desk = await Desk.start("flood", "--modem-fault", "flood@0-3");
    await until(() => desk.warnings(/pours out nonsense/).length === 1, "the line", 40_000);
    await until(() => desk.modem.status.attached, "on the network", 60_000);
    expect(desk.warnings(/pours out nonsense/)).toHaveLength(1);
  }, 120_000);

  it("slow: said in one line, and on the network when it is quick again", async () => {
    await using desk = await Desk.start("slow", "--modem-fault", "slow@0-3");
    await until(() => desk.warnings(/does not answer/).length === 1, "the line", 40_000);
    await until(() => desk.modem.status.attached, "on the network", 60_000);
    expect(desk.warnings(/does not answer/)).toHaveLength(1);
  }, 120_000);
});
