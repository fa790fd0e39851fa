import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../src/base/clock.ts";
import {
  MODEM_FAULT_HELP,
  MODEM_FAULT_NAMES,
  modemFault,
  modemFaultPlan,
} from "../../../src/emulator/modem/faults.ts";
import {
  createEmulatedModem,
  type EmulatedModem,
  type EmulatedModemConfig,
} from "../../../src/emulator/modem/modem.ts";

let modem: EmulatedModem;
let socket: Socket;
let heard = "";
afterEach(async () => {
  socket.destroy();
  await modem.stop();
});

async function open(config: Partial<EmulatedModemConfig> = {}): Promise<void> {
  heard = "";
  modem = await createEmulatedModem({ listen: "tcp://127.0.0.1:0", registerMs: 20, bootMs: 50, ...config });
  const { hostname, port } = new URL(modem.url.replace("tcp:", "http:"));
  socket = connect(Number(port), hostname);
  socket.on("data", (bytes: Uint8Array) => {
    heard += Buffer.from(bytes).toString("latin1");
  });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
}

async function hears(part: string | RegExp): Promise<void> {
  const there = () => (typeof part === "string" ? heard.includes(part) : part.test(heard));
  for (let tries = 0; tries < 2_000 && !there(); tries++)
    await new Promise((resolve) => setTimeout(resolve, 2));
  if (typeof part === "string") expect(heard).toContain(part);
  else expect(heard).toMatch(part);
}

async function say(line: string, answer: string | RegExp): Promise<void> {
  heard = "";
  socket.write(`${line}\r`);
  await hears(answer);
}

describe("an emulated modem", () => {
  it("echoes until it is told not to", async () => {
    await open();
    await say("AT", "AT\r\r\nOK\r\n");
    await say("ATE0", "OK");
    await say("AT", "OK");
    expect(heard).toBe("\r\nOK\r\n");
  });

  it("registers, tells so unasked, and gives the network's time", async () => {
    await open({ sim: { pin: "1234" }, cell: { time: () => Date.UTC(2026, 6, 1, 10, 0, 0), quarters: 4 } });
    await say("ATE0", "OK");
    await say("AT+CREG=2", "OK");
    await say("AT+CREG?", "+CREG: 2,0\r\n");
    await say("AT+CCLK?", "80/01/06");
    await say('AT+CPIN="1234"', "+CREG: 1\r\n");
    await hears('+CTZE: "+04",0,"2026/07/01,11:00:00"');
    await say("AT+CREG?", '+CREG: 2,1,"00C3","0000B1A7",7');
    await say("AT+CCLK?", '+CCLK: "26/07/01,11:00:00+04"');
    await say("AT+COPS?", '+COPS: 0,0,"Test Mobile",7');
    await say("AT+CSQ", "+CSQ: 21,99");
    await say("AT+CESQ", "+CESQ: 99,99,255,255,20,44");
  });

  it("its SIM counts wrong PINs through every restart and locks after three", async () => {
    await open({ sim: { pin: "1234" } });
    for (const left of [2, 1]) {
      await say('AT+CPIN="0000"', "+CME ERROR: 16");
      await say("AT+CPINR", `SIM PIN,${left},3`);
    }
    await say("AT+CFUN=1,1", "RDY");
    await say('AT+CPIN="0000"', "+CME ERROR: 16");
    await say("AT+CPIN?", "+CPIN: SIM PUK");
    await say('AT+CPIN="1234"', "+CME ERROR: 12");
  });

  it("forgets its settings when it starts, as real ones do", async () => {
    await open();
    await say("ATE0", "OK");
    await say("AT+CFUN=1,1", "RDY");
    await say("AT", "AT\r\r\nOK");
  });

  it("refuses what it does not know, and takes no more of a line than it can", async () => {
    await open();
    await say("AT+NONSENSE", "ERROR");
    socket.write("x".repeat(100_000));
    await say("", "ERROR");
    await say("AT", "OK");
  });

  it("lost registration takes the bearer with it", async () => {
    await open();
    await say("AT+CREG=1", "OK");
    await hears(/CREG: 1|OK/);
    for (let tries = 0; tries < 500 && !modem.core.registered; tries++)
      await new Promise((resolve) => setTimeout(resolve, 2));
    await say("AT+CGACT=1,1", "OK");
    modem.inject("lost-registration");
    await hears("+CREG: 2");
    await say("AT+CGACT?", "+CGACT: 1,0");
    await say("AT+CSQ", "+CSQ: 99,99");
  });

  it("dead means dead, until its power is cycled", async () => {
    await open({ faults: ["dead"] });
    socket.write("AT\r");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toBe("");
    modem.powerCycle();
    await hears("RDY");
    await say("AT", "OK");
  });

  it("faults have words for the help, and an unknown one is refused with the names", async () => {
    await open();
    for (const name of MODEM_FAULT_NAMES) expect(MODEM_FAULT_HELP[name].length).toBeGreaterThan(10);
    expect(() => modemFault("melt")).toThrow(/dead, garbage, slow/);
    expect(() => modemFault("toString")).toThrow(/no fault/);
  });
});

describe("faults that come and go by themselves", () => {
  it.each([
    ["dead", { name: "dead", atSeconds: 0, untilSeconds: undefined }],
    ["no-sim@30", { name: "no-sim", atSeconds: 30, untilSeconds: undefined }],
    ["half-lines@0.5-2.25", { name: "half-lines", atSeconds: 0.5, untilSeconds: 2.25 }],
  ])("%s is understood", (text, plan) => {
    expect(modemFaultPlan(text)).toEqual(plan);
  });

  it.each([
    "",
    "@",
    "melt",
    "melt@3",
    "dead@",
    "dead@-3",
    "dead@3-",
    "dead@3-3",
    "dead@1-2-3",
    "dead 3",
    "dead@1e3",
  ])("%j is refused in one sentence", (text) => {
    expect(() => modemFaultPlan(text)).toThrow(/is no fault of a modem; /);
  });

  it("come at their time, are told, and go", async () => {
    const clock = new ManualClock();
    const told: string[] = [];
    const plans = ["garbage", "dead@10-20", "dead@15", "flood@30"].map(modemFaultPlan);
    await open({ clock, plans, onFault: (fault, on) => told.push(`${fault} ${on}`) });
    const seen = [0, 10, 5, 5, 9].map((seconds) => {
      clock.advance(seconds * 1_000);
      return [...modem.faults].join(" ");
    });
    expect(seen).toEqual(["garbage", "garbage dead", "garbage dead", "garbage", "garbage"]);
    expect(told).toEqual(["garbage true", "dead true", "dead false"]);
    await modem.stop();
    clock.advance(60_000);
    expect(told).toHaveLength(3);
  });

  it("a SIM that refuses every PIN: three wrong ones lock it, and without the fault it is as it was", async () => {
    await open({ sim: { pin: "1234" } });
    await say('AT+CPIN="1234"', "OK");
    modem.inject("wrong-pin");
    await say("AT+CPIN?", "+CPIN: SIM PIN");
    await say('AT+CPIN="1234"', "+CME ERROR: 16");
    modem.end("wrong-pin");
    await say('AT+CPIN="1234"', "OK");
    modem.inject("wrong-pin");
    for (let tries = 0; tries < 3; tries++) await say('AT+CPIN="1234"', "+CME ERROR: 16");
    await say("AT+CPIN?", "+CPIN: SIM PUK");
  });

  it("one that asks for no PIN asks for one then", async () => {
    await open({ faults: ["wrong-pin"] });
    await say("AT+CPIN?", "+CPIN: SIM PIN");
    modem.end("wrong-pin");
    await say("AT+CPIN?", "+CPIN: READY");
  });
});
