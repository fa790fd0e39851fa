import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import { Store } from "../../../src/store/store.ts";
import { StoredPinLedger } from "../../../src/wan/modem/pin-ledger.ts";
import { MemoryLedger, Pair, pause, QUICK, until } from "./home.ts";

let pair: Pair;
const tidy: (() => void)[] = [];
afterEach(async () => {
  await pair[Symbol.asyncDispose]();
  for (const one of tidy.splice(0)) one();
});

const attached = () => until(() => pair.modem.status.attached, "attached");
const fault = (name: string) => until(() => pair.modem.status.fault === name, `fault ${name}`);

describe.each(["tcp://127.0.0.1:0", "pty"])("a modem at %s", (listen) => {
  it("gets on the network: identity, operator, technology and signal (3GPP TS 27.007)", async () => {
    pair = await Pair.start({ listen });
    await attached();
    await until(() => pair.modem.status.operator !== undefined, "the operator");
    expect(pair.modem.status).toMatchObject({
      fault: undefined,
      registration: "home",
      technology: "4G",
      operator: "Test Mobile",
      signal: { words: "good", bars: 4, rssi: -71, rsrp: -97 },
      imei: "…9017",
      iccid: "…0017",
      imsi: "…0017",
    });
  });

  it("comes back when it is pulled out", async () => {
    pair = await Pair.start({ listen });
    await attached();
    pair.emulated.port.hangUp();
    await until(() => !pair.modem.status.attached, "gone");
    await attached();
  });
});

describe("identity", () => {
  it("names that lead to a person are masked in status and log, the PIN is in neither", async () => {
    pair = await Pair.start({ sim: { pin: "4711" } }, { pin: "4711" });
    await attached();
    const all = JSON.stringify([pair.log, pair.history]);
    for (const secret of ["353123456789017", "8944100030000000017", "234100000000017", "4711"]) {
      expect(all).not.toContain(secret);
    }
    expect(pair.log.some(({ sentence }) => sentence.includes("modem and its SIM are ready"))).toBe(true);
  });
});

describe("PIN", () => {
  it("is entered when the SIM asks, after every start of the modem", async () => {
    pair = await Pair.start({ sim: { pin: "1234" } }, { pin: "1234" });
    await attached();
    pair.emulated.powerCycle();
    await until(() => pair.emulated.core.pinsSeen === 2, "the PIN a second time");
    await attached();
    expect(pair.emulated.sim?.triesLeft).toBe(3);
  });

  it.each([true, false])(
    "a refused one is never sent again, through resets and a restart (tries told: %s)",
    async (tellsTries) => {
      const folder = mkdtempSync(join(tmpdir(), "hanway-pin-"));
      tidy.push(() => rmSync(folder, { recursive: true, force: true }));
      const path = join(folder, "hub.sqlite");
      const first = new Store(path, new ManualClock());
      const settings = { ...QUICK, timing: { ...QUICK.timing, restMs: 30 } };
      pair = await Pair.start(
        { sim: { pin: "1234" }, tellsTries },
        { pin: "9999" },
        settings,
        new StoredPinLedger(first),
      );
      await fault("pin-refused");
      await pause(200);
      pair.emulated.powerCycle();
      await pause(300);
      await pair.modem.stop();
      first.close();
      expect(pair.emulated.core.pinsSeen).toBe(1);
      expect(pair.warnings("refused the PIN")).toHaveLength(1);

      // The hub starts again on the same data folder.
      const emulated = pair.emulated;
      const second = new Store(path, new ManualClock());
      tidy.push(() => second.close());
      const again = await Pair.start(
        {},
        { pin: "9999" },
        {
          ...settings,
          port: { port: emulated.url, baudRate: 115_200, rtscts: false, openMs: 2_000 },
        },
        new StoredPinLedger(second),
      );
      await until(() => again.modem.status.fault === "pin-refused", "refused without asking");
      await again[Symbol.asyncDispose]();
      expect(emulated.core.pinsSeen).toBe(1);
      expect(emulated.sim?.triesLeft).toBe(2);
    },
  );

  it("the SIM's last try is left to a person", async () => {
    pair = await Pair.start({ sim: { pin: "1234" }, faults: ["no-sim"] }, { pin: "9999" });
    pair.emulated.sim?.enter("0000");
    pair.emulated.sim?.enter("0001");
    pair.emulated.end("no-sim");
    await fault("pin-withheld");
    expect(pair.emulated.core.pinsSeen).toBe(0);
  });

  it("one whose answer never came is not sent again while it may have been refused", async () => {
    const pins = new MemoryLedger();
    pins.note("1234", undefined, "tried");
    pair = await Pair.start({ sim: { pin: "1234" }, tellsTries: false }, { pin: "1234" }, {}, pins);
    await fault("pin-unsure");
    expect(pair.emulated.core.pinsSeen).toBe(0);
  });

  it("one whose answer never came is sent again when the SIM says that no try was spent", async () => {
    const pins = new MemoryLedger();
    pins.note("1234", undefined, "tried");
    pair = await Pair.start({ sim: { pin: "1234" } }, { pin: "1234" }, {}, pins);
    await attached();
    expect(pins.look("1234")).toBe("unknown");
  });

  it("a missing one, and a SIM that wants its PUK, are said in one line", async () => {
    pair = await Pair.start({ sim: { pin: "1234" } });
    await fault("pin-missing");
    expect(pair.warnings("put it into modem.pin")).toHaveLength(1);
    await pair[Symbol.asyncDispose]();
    pair = await Pair.start({ sim: { pin: "1234" }, faults: ["no-sim"] }, { pin: "1234" });
    for (const wrong of ["0000", "0001", "0002"]) pair.emulated.sim?.enter(wrong);
    pair.emulated.end("no-sim");
    await fault("puk");
    expect(pair.warnings("wants its PUK")).toHaveLength(1);
  });
});

describe("network", () => {
  it("is lost and found again, with the modem's own news of it", async () => {
    pair = await Pair.start();
    await attached();
    pair.emulated.inject("lost-registration");
    await until(() => !pair.modem.status.attached, "lost");
    await until(() => pair.modem.status.registration === "searching", "searching");
    expect(pair.modem.status.signal).toMatchObject({ words: "none", bars: 0 });
    pair.emulated.end("lost-registration");
    await attached();
  });

  it("without one for long the modem is reset, then spared, and goes on looking", async () => {
    const timing = { ...QUICK.timing, noNetworkMs: 200 };
    pair = await Pair.start({ faults: ["lost-registration"] }, {}, { timing });
    await until(() => pair.emulated.core.restarts === 1, "the soft reset");
    await fault("no-network");
    await until(() => pair.warnings("left alone for a while").length === 1, "rest");
    await pause(500);
    expect(pair.emulated.core.restarts).toBe(1);
    pair.emulated.end("lost-registration");
    await attached();
    expect(pair.modem.status.fault).toBeUndefined();
  });

  it("one that refuses the SIM is said so", async () => {
    pair = await Pair.start({ faults: ["denied"] });
    await fault("denied");
    expect(pair.warnings("refuses this SIM")).toHaveLength(1);
  });

  it("roaming counts as attached", async () => {
    pair = await Pair.start({ cell: { roaming: true } });
    await attached();
    expect(pair.modem.status.registration).toBe("roaming");
  });

  it("a modem without RSRP is measured by RSSI", async () => {
    pair = await Pair.start({ cell: { rsrp: null, rssi: -105 } });
    await until(() => pair.modem.status.operator !== undefined, "a look");
    expect(pair.modem.status.signal).toMatchObject({
      words: "very weak",
      bars: 1,
      rssi: -105,
      rsrp: undefined,
    });
  });

  it("its time is passed on as UTC once the network gave it, and never a clock that merely runs", async () => {
    const now = Date.UTC(2026, 6, 1, 10, 30, 15);
    pair = await Pair.start({ cell: { time: () => now, quarters: 4 }, registerMs: 300 });
    await attached();
    await until(() => pair.times.length > 0, "the time");
    expect(pair.times[0]).toEqual({ unixMs: now });
    await pair[Symbol.asyncDispose]();
    pair = await Pair.start();
    await attached();
    await pause(200);
    expect(pair.times).toEqual([]);
  });
});

describe("bearer", () => {
  it("is brought up with the APN, and its commands are run when it comes and goes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hanway-bearer-"));
    tidy.push(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "said");
    writeFileSync(file, "");
    const command = (word: string) => ["/bin/sh", "-c", `echo ${word} >> ${file}`];
    pair = await Pair.start(
      {},
      { apn: "smart.meter", activate: true },
      { bearer: { up: command("up"), down: command("down"), limitMs: 5_000 } },
    );
    await attached();
    expect(pair.emulated.core).toMatchObject({ apn: "SMART.METER", bearer: true });
    pair.emulated.inject("lost-registration");
    await until(() => !pair.modem.status.attached, "lost");
    await until(() => readFileSync(file, "utf8") === "up\ndown\n", "both commands");
  });

  it("one that the network does not give is said in one line and asked for again", async () => {
    pair = await Pair.start({ faults: ["no-bearer"] }, { activate: true });
    await fault("bearer");
    await pause(200);
    expect(pair.modem.status.attached).toBe(false);
    expect(pair.warnings("no bearer")).toHaveLength(1);
    pair.emulated.end("no-bearer");
    await attached();
  });

  it("a command that cannot run or does not end is said and given up", async () => {
    pair = await Pair.start(
      {},
      {},
      {
        bearer: { up: ["/nowhere/dial"], down: ["/bin/sleep", "60"], limitMs: 100 },
      },
    );
    await until(() => pair.warnings("bearer going up failed").length === 1, "the complaint");
    pair.emulated.inject("lost-registration");
    await until(() => pair.warnings("bearer going down failed").length === 1, "the second");
    expect(pair.warnings("going down failed")[0]?.fields).toMatchObject({ problem: "it took too long" });
  });
});

describe("a bad modem", () => {
  it.each(["dead", "garbage", "half-lines", "no-line-ends", "slow"] as const)(
    "%s: one line, the ladder up to a rest, and on the network when it is well",
    async (name) => {
      const timing = { ...QUICK.timing, restMs: 300, restMaxMs: 300 };
      pair = await Pair.start({ faults: [name] }, {}, { timing });
      await until(() => pair.modem.status.phase === "resting", "rest", 15_000);
      expect(pair.modem.status.fault).toBe("deaf");
      expect(pair.warnings("does not answer")).toHaveLength(1);
      expect(pair.warnings("next cure").map(({ sentence }) => sentence.split(": ")[1])).toEqual([
        "reopen",
        "soft",
      ]);
      pair.emulated.end(name);
      await until(() => pair.modem.status.attached, "attached", 15_000);
    },
  );

  it("dead: its reset line brings it back", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hanway-gpio-"));
    tidy.push(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "value");
    writeFileSync(file, "0");
    pair = await Pair.start(
      { faults: ["dead"] },
      {},
      {
        reset: { file, assert: "1", release: "0", holdMs: 200 },
      },
    );
    await until(() => readFileSync(file, "utf8") === "1", "the line asserted");
    pair.emulated.powerCycle();
    await until(() => readFileSync(file, "utf8") === "0", "the line released");
    await attached();
  });

  it("a reset line that is not there is said once and the ladder goes on", async () => {
    pair = await Pair.start(
      { faults: ["dead"] },
      {},
      {
        reset: { file: "/nowhere/value", assert: "1", release: "0", holdMs: 10 },
      },
    );
    await until(() => pair.modem.status.phase === "resting", "rest");
    expect(pair.warnings("reset line cannot be used")).toHaveLength(1);
  });

  it("goes dead while it is watched", async () => {
    pair = await Pair.start();
    await attached();
    pair.emulated.inject("dead");
    await fault("deaf");
    expect(pair.modem.status.attached).toBe(false);
    pair.emulated.end("dead");
    await attached();
  });

  it("floods: said in one line, and on the network when it stops", async () => {
    pair = await Pair.start({ faults: ["flood"] });
    await until(() => pair.warnings("nonsense").length > 0, "the line about nonsense");
    await pause(500);
    expect(pair.warnings("nonsense")).toHaveLength(1);
    expect(pair.log.length).toBeLessThan(15);
    pair.emulated.end("flood");
    await until(() => pair.modem.status.attached, "attached", 15_000);
  });

  it("without a SIM: said in one line, looked for again, and found when it is put in", async () => {
    pair = await Pair.start({ faults: ["no-sim"] });
    await fault("no-sim");
    await until(() => pair.warnings("left alone").length === 1, "rest");
    expect(pair.warnings("there is no SIM")).toHaveLength(1);
    pair.emulated.end("no-sim");
    await attached();
  });

  it("loses its SIM while it is on the network", async () => {
    pair = await Pair.start();
    await attached();
    pair.emulated.inject("no-sim");
    await fault("no-sim");
    expect(pair.modem.status.attached).toBe(false);
  });

  it("is left at a prompt by another program: ESC brings it back", async () => {
    pair = await Pair.start({ faults: ["prompt"] });
    await attached();
    expect(pair.warnings("")).toEqual([]);
  });

  it("starts by itself: its settings are made again", async () => {
    pair = await Pair.start({}, { apn: "one" });
    await attached();
    pair.emulated.core.restart();
    expect(pair.emulated.core.echo).toBe(true);
    await until(() => !pair.emulated.core.echo, "woken again");
    await attached();
  });
});

describe("a port", () => {
  it.each([
    ["that does not exist", "/nowhere/ttyUSB9", "does not exist"],
    ["that is no serial port", "/dev/null", "is not a serial port"],
    ["where nobody listens", "tcp://127.0.0.1:1", "nobody listening"],
  ])("%s: said in one line, tried again, then left alone", async (_what, port, words) => {
    pair = await Pair.start(
      {},
      {},
      {
        port: { port, baudRate: 115_200, rtscts: false, openMs: 1_000 },
      },
    );
    await until(() => pair.modem.status.phase === "resting", "rest");
    expect(pair.modem.status.fault).toBe("port");
    expect(pair.warnings(words)).toHaveLength(1);
  });

  it("that closes whoever comes is left alone in the end", async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    tidy.push(() => server.close());
    const address = server.address();
    const number = address !== null && typeof address === "object" ? address.port : 0;
    pair = await Pair.start(
      {},
      {},
      {
        port: { port: `tcp://127.0.0.1:${number}`, baudRate: 115_200, rtscts: false, openMs: 1_000 },
      },
    );
    await until(() => pair.modem.status.phase === "resting", "rest");
    expect(pair.log.length).toBeLessThan(10);
  });
});
