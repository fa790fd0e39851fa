import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { buildGbzCommand, type GbzFields, gbzFields } from "../../../src/gbcs/gbz/build.ts";
import { decodeGbz, encodeGbz, isGbz } from "../../../src/gbcs/gbz/index.ts";
import { describeShared } from "../../shared-data.ts";
import { readVectors } from "../vectors.ts";

const content = (useCase: string, fields: GbzFields) => toHex(encodeGbz(buildGbzCommand(useCase, fields)));
const hex = (text: string) => toHex(fromHex(text.replaceAll(" ", "")));

function failure(run: () => unknown): HanwayError {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a GBZ Command from a use case and plain fields", () => {
  test("a read needs no fields", () => {
    expect(content("GCS60", {})).toBe(hex("0109 02 00 0702 0005 00 00 00 000A 01 0705 0005 00 01 00 0100"));
  });

  test("times as ISO 8601, constants from the tables, field names of the ZCL or of the use case", () => {
    const wanted = hex("0109 01 01 0702 000C 01 00 08 0000 804A371C 00 3000");
    for (const fields of [
      { earliestSampleTime: "2015-01-01T00:00:00Z", numberOfSamples: 48 },
      { GetSampledData: { earliestSampleTime: 0x1c374a80, numberOfSamples: 48 } },
      { "Get Sampled Data": [{ "Earliest Sample Time": 0x1c374a80, "Number of Samples": 48 }] },
    ]) {
      expect(content("GCS17", fields)).toBe(wanted);
    }
  });

  test("a command sent 12 times counts its offset up", () => {
    const gbz = buildGbzCommand("GCS15c", { earliestStartTime: 0, latestEndTime: 0xffffffff });
    if (gbz.kind === "alert") return expect.unreachable();
    expect(gbz.components).toHaveLength(24);
    const offsets = gbz.components.map((one) => "fields" in one && one.fields.snapshotOffset);
    expect(offsets).toEqual([...Array(12).keys(), ...Array(12).keys()]);
    expect(gbz.components.map(({ header }) => header.sequence)).toEqual([...Array(24).keys()]);
    expect(gbz.components[23]?.name).toBe("GetPrepaySnapshot");
  });

  test("From-Date-Time is asked for where the log read has no start of its own", () => {
    const fields = { latestEndTime: "2015-01-02T00:00:00Z" };
    expect(failure(() => content("GCS15e", fields))).toMatchObject({ field: "fromDateTime" });
    expect(content("GCS15e", { ...fields, fromDateTime: "2015-01-01T00:00:00Z" })).toBe(
      hex("0109 01 11 0705 000C 1C374A80 01 00 08 009C381C 05"),
    );
  });

  test("a list gives each component of a command its own fields; one too few or too many is refused", () => {
    const debt = { issuerEventId: 1, debtAmount: -5, debtRecoveryFrequency: "PerDay", debtRecoveryAmount: 2 };
    const third = { issuerEventId: 1, debtAmount: -5, debtRecoveryBalancePercentage: 100 };
    const gbz = buildGbzCommand("GCS04", { ChangeDebt: [debt, debt, third] });
    expect(gbz).toMatchObject({
      components: [
        { fields: { debtAmount: -5, debtRecoveryFrequency: 1, debtLabel: new Uint8Array() } },
        {},
        { fields: { debtRecoveryBalancePercentage: 100 } },
      ],
    });
    expect(decodeGbz(encodeGbz(gbz), "command")).toEqual(gbz);
    for (const list of [[debt], [debt, debt, third, third]])
      expect(failure(() => content("GCS04", { ChangeDebt: list })).field).toMatch(/^ChangeDebt/);
  });

  test("special days by date, texts as they are", () => {
    expect(content("GCS07", { messageId: 1, startTime: 0, message: "Reset" })).toBe(
      hex("0109 01 01 0703 0014 09 00 00 01000000 00 00000000 FFFF 05 5265736574"),
    );
    const gbz = buildGbzCommand("GCS01a", shortTariff);
    expect(gbz).toMatchObject({
      components: [
        {},
        {},
        {},
        { fields: { seasons: [{ seasonStartDate: { year: 2026, month: 3, day: 20 } }] } },
        {},
        {},
        {},
      ],
    });
    expect(gbzFields("GCS01a", gbz)).toMatchObject({
      PublishSeasons: [{ seasons: [{ seasonStartDate: "2026-03-20", weekIdRef: 1 }] }],
    });
  });

  test("what the use case does not have, fixes otherwise or needs is named", () => {
    const good = { earliestSampleTime: 0, numberOfSamples: 1 };
    for (const [fields, field] of [
      [{ ...good, nonsense: 1 }, "nonsense"],
      [{ ...good, GetSampledData: { sampleType: 4 } }, "GetSampledData.sampleType"],
      [{ GetSampledData: { ...good, nonsense: 1 } }, "GetSampledData.nonsense"],
      [{ GetSampledData: 5 }, "GetSampledData"],
      [{ GetSampledData: false }, "GetSampledData"],
      [{ GetSampledData: [] }, "GetSampledData"],
      [{ GetSampledData: [good, good] }, "GetSampledData[1]"],
      [{ earliestSampleTime: 0 }, "components[0].GetSampledData.numberOfSamples"],
      [{ ...good, earliestSampleTime: "yesterday" }, "earliestSampleTime"],
      [{ ...good, numberOfSamples: 70000 }, "components[0].GetSampledData.numberOfSamples"],
    ] as [GbzFields, string][]) {
      expect(failure(() => content("GCS17", fields))).toMatchObject({ code: "encode/value", field });
    }
    expect(failure(() => content("ECS17a", {}))).toMatchObject({ field: "useCase" });
    expect(failure(() => content("XYZ", {}))).toMatchObject({ field: "useCase" });
  });

  test("an optional component is left out, or asked for", () => {
    const without = buildGbzCommand("GCS01a", shortTariff);
    expect(without.kind === "command" && without.components.length).toBe(7);
    const asked = { startTime: 0, blockThresholds: [{ tierNumberOfBlockThresholds: 1, thresholds: [1000] }] };
    const withThem = buildGbzCommand("GCS01a", { ...shortTariff, PublishBlockThresholds: asked });
    expect(withThem.kind === "command" && withThem.components[6]).toMatchObject({
      name: "PublishBlockThresholds",
      fields: { issuerEventId: 1, subPayloadControl: 1, blockThresholds: asked.blockThresholds },
    });
    expect(encodeGbz(withThem).length).toBeGreaterThan(encodeGbz(without).length);
  });
});

/** Fields of the shortest Command of GCS01a. */
const shortTariff: GbzFields = {
  issuerEventId: 1,
  issuerCalendarId: 1,
  PublishCalendar: { startTime: 0, numberOfSeasons: 1, numberOfWeekProfiles: 1, numberOfDayProfiles: 1 },
  PublishDayProfile: [
    { dayId: 1, totalNumberOfScheduleEntries: 1, scheduleEntries: [{ startTime: 0, value: 0 }] },
  ],
  PublishWeekProfile: [
    {
      weekId: 1,
      dayIdRefMonday: 1,
      dayIdRefTuesday: 1,
      dayIdRefWednesday: 1,
      dayIdRefThursday: 1,
      dayIdRefFriday: 1,
      dayIdRefSaturday: 1,
      dayIdRefSunday: 1,
    },
  ],
  PublishSeasons: { seasons: [{ seasonStartDate: "2026-03-20", weekIdRef: 1 }] },
  PublishSpecialDays: { startTime: 0, totalNumberOfSpecialDays: 0, specialDays: [] },
  PublishTariffInformation: {
    startTime: 0,
    tariffTypeChargingScheme: 0,
    numberOfPriceTiersInUse: 1,
    numberOfBlockThresholdsInUse: 0,
    currency: 826,
    standingCharge: 1,
  },
  PublishPriceMatrix: { startTime: 0, subPayloadControl: 1, priceMatrix: [{ tierBlockId: 0, price: 1 }] },
};

describeShared("published GBZ Commands from their fields", "rtds.jsonl", (path) => {
  test("every one is built again byte for byte from plain JSON of its fields", () => {
    const commands = readVectors(path).filter(
      ({ envelope }) => isGbz(envelope.content) && /COMMAND$/.test(envelope.kind),
    );
    expect(commands.length).toBeGreaterThan(100);
    for (const { useCase, name, envelope } of commands) {
      const gbz = decodeGbz(envelope.content, "command", envelope.messageCode);
      const fields = gbzFields(useCase, gbz) ?? expect.unreachable(`${name} is not ${useCase}`);
      const plain: GbzFields = JSON.parse(JSON.stringify(fields));
      expect(content(useCase, plain), name).toBe(toHex(envelope.content));
    }
  });
});
