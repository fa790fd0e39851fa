import { describe, expect, test } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { describeGbz } from "../../../src/gbcs/gbz/describe.ts";
import { decodeGbz } from "../../../src/gbcs/gbz/index.ts";
import { CONTENTS } from "./contents.ts";

const decode = (text: string, kind: "command" | "response") =>
  decodeGbz(fromHex(text.replaceAll(" ", "")), kind);

describe("a GBZ payload in words", () => {
  test("attributes by name, with status, the name of the value and the side that was asked", () => {
    const [component] = describeGbz(
      decode("0109 01 01 0702 0011 08 00 01 0502 00 21 6400 1400 00 30 02 0602 C0", "response"),
    );
    expect(component).toEqual({
      field: "components[0]",
      cluster: "Metering",
      command: "ReadAttributesResponse",
      encrypted: false,
      fields: [
        { name: "RemainingBatteryLifeInDays", attribute: 0x0205, status: "SUCCESS", value: 100 },
        { name: "SupplyStatus", attribute: 0x0014, status: "SUCCESS", value: 2, meaning: "SupplyOn" },
        { name: "CurrentMeterId", attribute: 0x0206, status: "HARDWARE_FAILURE" },
      ],
    });
  });

  test("a volume is scaled by the multiplier, divisor and unit of the same payload", () => {
    const text =
      "0109 01 01 0702 0020 18 00 01 0203 00 22 E80300 0103 00 22 010000 0003 00 30 01 0000 00 25 393000000000";
    const [component] = describeGbz(decode(text, "response"));
    expect(component?.fields.at(-1)).toMatchObject({
      name: "CurrentSummationDelivered",
      value: 12345,
      scaled: 12.345,
      unit: "m³",
    });
  });

  test("money is scaled by the trailing digits and the currency of the same payload", () => {
    const text =
      "0109 02 00 0700 000E 08 00 01 1706 00 18 50 1606 00 21 3A03 01 0705 000B 08 01 01 0100 00 2B A0860100";
    const described = describeGbz(decode(text, "response"));
    expect(described[1]?.fields[0]).toMatchObject({
      name: "CreditRemaining",
      value: 100000,
      scaled: 1,
      unit: "GBP",
    });
  });

  test("times, bits, parts of octets and text", () => {
    const [log] = describeGbz(
      decode("0109 01 01 0709 0011 01 00 00 13 0000 00F9351C FFFFFFFF 00 0000", "command"),
    );
    expect(log?.fields).toMatchObject([
      { name: "eventControlLogId", value: 0x13, meaning: "LogId 3, EventControl 1" },
      { name: "eventId" },
      { name: "startTime", meaning: "2014-12-31T00:00:00Z" },
      { name: "endTime", value: 0xffffffff },
      {},
      {},
    ]);
    const [site] = describeGbz(
      decode("0109 01 01 0708 0014 09 00 03 01000000 00000000 00000000 04 31323334", "command"),
    );
    expect(site?.fields.at(-1)).toMatchObject({ name: "siteId", meaning: "1234" });
  });

  test("records of a list by index, From-Date-Time, and which command a Default Response answers", () => {
    const [debts] = describeGbz(
      decode("0109 01 01 0705 0012 19 00 06 00 01 006C0E1C B87C0200 02 00000000", "response"),
    );
    expect(debts?.fields.map(({ name }) => name)).toEqual([
      "commandIndex",
      "totalNumberOfCommands",
      "debts[0].collectionTime",
      "debts[0].amountCollected",
      "debts[0].debtType",
      "debts[0].outstandingDebt",
    ]);
    const [topUps] = describeGbz(decode("0109 01 11 0705 000C 1C374A80 01 00 08 00F9351C 05", "command"));
    expect(topUps?.fromDateTime).toBe("2015-01-01T00:00:00Z");
    const [answer] = describeGbz(decode("0109 01 01 0709 0005 08 00 0B 00 8B", "response"));
    expect(answer?.fields).toMatchObject([{ meaning: "GetEventLog" }, { meaning: "NOT_FOUND" }]);
  });

  test("an encrypted component has fields once it is opened", () => {
    const content = CONTENTS.find(([name]) => name.startsWith("a clear and an encrypted"));
    const gbz = decodeGbz(content?.[2] ?? new Uint8Array(), "response");
    expect(describeGbz(gbz)[1]).toMatchObject({ encrypted: true, fields: [] });
    const records = [{ attributeId: 1, status: 0, dataType: 0x2b, value: -5 }];
    const opened = describeGbz(gbz, (field) => (field === "components[1]" ? { records } : undefined));
    expect(opened[1]).toMatchObject({ encrypted: true, fields: [{ name: "CreditRemaining", value: -5 }] });
  });

  test("what the tables do not know is shown by its number", () => {
    const [unknown] = describeGbz(decode("0109 01 01 7702 0005 01 00 7E BEEF", "command"));
    expect(unknown).toMatchObject({ cluster: "0x7702", command: "0x7e", fields: [{ name: "payload" }] });
    const [read] = describeGbz(decode("0109 01 01 0702 0005 00 00 00 FEEE", "command"));
    expect(read?.fields).toEqual([{ name: "0xeefe", attribute: 0xeefe }]);
  });

  test("every shape of payload can be described", () => {
    for (const [, code, octets, kind] of CONTENTS)
      expect(Array.isArray(describeGbz(decodeGbz(octets, kind, code)))).toBe(true);
  });
});
