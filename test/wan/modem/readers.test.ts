import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTime } from "../../../src/wan/modem/network-time.ts";
import { bestPlace, readOperator, readRegistration } from "../../../src/wan/modem/registration.ts";
import { readCesq, readCsq, readQcsq, signalOf } from "../../../src/wan/modem/signal.ts";
import { masked, readIccid, readSim, readTriesLeft } from "../../../src/wan/modem/sim.ts";

describe("registration (3GPP TS 27.007 clauses 7.2 and 10.1.22)", () => {
  it.each([
    ["+CREG: 0,1", "home", undefined],
    ['+CREG: 2,5,"00C3","0000B1A7",7', "roaming", "4G"],
    ["+CEREG: 2,2", "searching", undefined],
    ["+CREG: 0,3", "denied", undefined],
    ["+CREG: 0,0", "none", undefined],
    ["+CEREG: 1", "home", undefined],
    ['+CEREG: 5,"00C3","0000B1A7",9', "roaming", "NB-IoT"],
    ["+CREG: 2,10", "roaming", undefined],
    ["+CREG: 0,77", "unknown", undefined],
    ["+CREG:", "unknown", undefined],
  ])("%s", (line, registration, technology) => {
    expect(readRegistration(line)).toEqual({ registration, technology });
  });

  it("one of several networks is enough, and refusal outweighs searching", () => {
    const searching = readRegistration("+CEREG: 0,2");
    const home = readRegistration("+CREG: 0,1");
    const denied = readRegistration("+CREG: 0,3");
    expect(bestPlace([searching, home]).registration).toBe("home");
    expect(bestPlace([searching, denied]).registration).toBe("denied");
    expect(bestPlace([]).registration).toBe("unknown");
  });

  it("operator names may hold commas", () => {
    expect(readOperator('+COPS: 0,0,"A, B & Co",7')).toEqual({ operator: "A, B & Co", technology: "4G" });
    expect(readOperator("+COPS: 0")).toEqual({ operator: undefined, technology: undefined });
  });
});

describe("signal", () => {
  it.each([
    ["+CSQ: 0,99", -113],
    ["+CSQ: 31,99", -51],
    ["+CSQ: 99,99", undefined],
    ["+CSQ: 150,99", undefined],
  ])("%s (clause 8.5)", (line, dbm) => {
    expect(readCsq(line)).toBe(dbm);
  });

  it.each([
    ["+CESQ: 99,99,255,255,20,46", { rssi: undefined, rsrp: -95 }],
    ["+CESQ: 99,99,255,255,255,97", { rssi: undefined, rsrp: -44 }],
    ["+CESQ: 40,0,255,255,255,255", { rssi: -71, rsrp: undefined }],
    ["+CESQ: 99,99,50,20,255,255", { rssi: -71, rsrp: undefined }],
    ["+CESQ: 99", { rssi: undefined, rsrp: undefined }],
  ])("%s (clause 8.69)", (line, dbm) => {
    expect(readCesq(line)).toEqual(dbm);
  });

  it("+QCSQ has RSRP on LTE alone", () => {
    expect(readQcsq('+QCSQ: "LTE",-52,-81,195,-10')).toEqual({ rssi: -52, rsrp: -81 });
    expect(readQcsq('+QCSQ: "WCDMA",-60,-70,-9')).toEqual({ rssi: -60, rsrp: undefined });
    expect(readQcsq('+QCSQ: "NOSERVICE"')).toEqual({ rssi: undefined, rsrp: undefined });
  });

  it("is told in words and bars, RSRP before RSSI", () => {
    expect(signalOf(undefined, undefined)).toMatchObject({ words: "none", bars: 0 });
    expect(signalOf(-60, -119)).toMatchObject({ words: "very weak", bars: 1 });
    expect(signalOf(-60, undefined)).toMatchObject({ words: "excellent", bars: 5 });
    expect(signalOf(-113, undefined)).toMatchObject({ words: "none", bars: 0 });
  });
});

describe("SIM (clause 8.3)", () => {
  const ok = (line: string) => readSim({ type: "ok", lines: [line] });
  const cme = (code: number) => readSim({ type: "error", code, words: "" });
  it("asks, is missing, is locked or is broken", () => {
    expect([ok("+CPIN: READY"), ok("+CPIN: SIM PIN"), ok("+CPIN: SIM PUK")]).toEqual(["ready", "pin", "puk"]);
    expect([ok("+CPIN: PH-NET PIN"), ok("+CPIN: SIM PIN2"), ok("+CPIN:")]).toEqual([
      "failure",
      "failure",
      "failure",
    ]);
    expect([cme(10), cme(11), cme(12), cme(13), cme(14)]).toEqual([
      "missing",
      "pin",
      "puk",
      "failure",
      "busy",
    ]);
    expect(readSim({ type: "timeout" })).toBe("busy");
  });

  it("tells the tries left", () => {
    expect(readTriesLeft("+CPINR: SIM PIN,2,3")).toBe(2);
    expect(readTriesLeft('+QPINC: "SC",3,10')).toBe(3);
    expect(readTriesLeft("+CPINR: SIM PUK,10,10")).toBeUndefined();
  });

  it("its number is read in every vendor's form, and masked", () => {
    const plain = [
      "8944100030000000017",
      "+CCID: 8944100030000000017",
      '+CCID: "8944100030000000017F"',
      "+ICCID: 8944100030000000017",
    ];
    expect(plain.map(readIccid)).toEqual(plain.map(() => "8944100030000000017"));
    expect(readIccid("+CCID: nonsense")).toBeUndefined();
    expect(masked("8944100030000000017")).toBe("…0017");
  });
});

describe("network time (clause 8.15)", () => {
  const FLOOR = Date.UTC(2026, 0, 1);
  const utc = (text: string, clock: "local" | "utc" = "local") => {
    const time = readTime(text, clock, FLOOR);
    return time === undefined ? undefined : new Date(time.unixMs).toISOString();
  };

  it.each([
    ['+CCLK: "26/07/01,11:30:15+04"', "2026-07-01T10:30:15.000Z"],
    ['+CCLK: "26/01/01,00:10:00-04"', "2026-01-01T01:10:00.000Z"],
    ['+CCLK: "26/03/29,00:59:59+00"', "2026-03-29T00:59:59.000Z"],
    ['+CCLK: "26/03/29,02:00:00+04"', "2026-03-29T01:00:00.000Z"],
    ['+CCLK: "26/10/25,01:30:00+04"', "2026-10-25T00:30:00.000Z"],
    ['+CCLK: "26/10/25,01:30:00+00"', "2026-10-25T01:30:00.000Z"],
    ['+CCLK: "28/02/29,12:00:00+00"', "2028-02-29T12:00:00.000Z"],
  ])("%s is %s", (line, iso) => {
    expect(utc(line)).toBe(iso);
  });

  it.each([
    ['+CCLK: "80/01/06,00:00:19+00"', "a clock that nobody has set"],
    ['+CCLK: "70/01/01,00:00:19+00"', "a clock that nobody has set"],
    ['+CCLK: "04/01/01,00:00:19+00"', "a clock that nobody has set"],
    ['+CCLK: "26/07/01,11:30:15"', "local time without its zone"],
    ['+CCLK: "26/02/30,11:30:15+04"', "no date"],
    ['+CCLK: "26/13/01,11:30:15+04"', "no month"],
    ['+CCLK: "26/07/01,25:30:15+04"', "no hour"],
    ['+QLTS: ""', "not given yet"],
    ["+CCLK: ", "nothing"],
  ])("%s: %s", (line) => {
    expect(utc(line)).toBeUndefined();
  });

  it("+QLTS=1 is UTC already", () => {
    expect(utc('+QLTS: "2026/07/01,10:30:15+04,1"', "utc")).toBe("2026-07-01T10:30:15.000Z");
  });
});

it("no reader ever throws, whatever the line", () => {
  const readers = [readRegistration, readOperator, readCsq, readCesq, readQcsq, readTriesLeft, readIccid];
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: "binary" }).map((text) => `+CREG: ${text}`),
      ),
      (text) => {
        for (const reader of readers) reader(text);
        readTime(text, "local", 0);
        readSim({ type: "ok", lines: [text] });
      },
    ),
  );
});
