import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import {
  buildDlmsCommand,
  dlmsFields,
  dlmsTemplate,
  type Shape,
  useCaseByMessageCode,
} from "../../../src/gbcs/catalogue/index.ts";
import { decodeDlms, encodeDlms } from "../../../src/gbcs/dlms/index.ts";
import { describeShared } from "../../shared-data.ts";
import { isDlms, readVectors } from "../vectors.ts";

const context = {
  counter: 0x1_0000_0516n,
  requestingParty: Eui64("90b3d51f3001ffff"),
  device: Eui64("00dbaaaaaaaaaaa2"),
};
const build = (code: string, fields: Record<string, unknown>) =>
  toHex(encodeDlms(buildDlmsCommand(code, fields, context)));

function refusal(code: string, fields: Record<string, unknown>): { code: string; field: string | undefined } {
  try {
    build(code, fields);
  } catch (error) {
    if (error instanceof HanwayError) return { code: error.code, field: error.field };
    throw error;
  }
  throw new Error("accepted");
}

describe("building DLMS Commands from named fields", () => {
  it("CCS01: adds a device, with what the tables fix filled in", () => {
    const key = "000102030405060708090a0b0c0d0e0f";
    const hex = build("CCS01", {
      register_device: { ieee_address: "00dbaaaaaaaaaaa4", key, device_type: "PPMID" },
      join_timeout: 120,
    });
    const specifications =
      "03 0068 00001e0300ff 01 02 0068 00001e0300ff 03 02 0068 00001e0300ff 02".replaceAll(" ", "");
    const data = `0204 0908 00dbaaaaaaaaaaa4 1601 0910 ${key} 1684 120078 03ff`.replaceAll(" ", "");
    expect(hex).toBe(`d9200005160003${specifications}03${data}`);
  });

  it("ECS35c: reads a log from one time to another", () => {
    const hex = build("ECS35c", {
      "EventLog(CHF)": { from: "2015-01-01T00:00:00Z", to: 0xffffffff },
    });
    expect(hex).toBe(
      "d9200005160001040007000063620 0ff02010204020412000109060000 5e2c64ff0f02120000061c374a8006ffffffff01000100".replaceAll(
        " ",
        "",
      ),
    );
  });

  it("ECS21b: asks for protected entries under the counter of the Command", () => {
    const request = buildDlmsCommand(
      "ECS21b",
      { get_protected_attributes: { from: "2014-12-25T23:30:00Z", to: "2015-01-01T00:00:00Z" } },
      context,
    );
    const hex = toHex(encodeDlms(request));
    expect(hex).toContain("0909040000000100000516090890b3d51f3001ffff090800dbaaaaaaaaaaa20900");
    expect(hex).toContain("16010202090c07de0c19ff171e00008000ff090c07df0101ff000000008000ff");
  });

  it("takes optional items only when they are given", () => {
    const descriptions = { "AuxiliaryController[2]: Description": "Heater" };
    expect(buildDlmsCommand("ECS46a", descriptions, context).specifications).toHaveLength(1);
    expect(refusal("ECS46a", {})).toEqual({ code: "encode/value", field: "fields" });
  });

  it("refuses what is missing, unknown, or does not fit, by its field", () => {
    const device = { ieee_address: "00dbaaaaaaaaaaa4", key: "00".repeat(16), device_type: 1 };
    const name = "DeviceLog(CHF): addEntry";
    const at = (part: Record<string, unknown>) => refusal("CCS01", { join_timeout: 60, ...part }).field;
    expect(at({})).toBe(`${name}.ieee_address`);
    expect(at({ register_device: { ...device, device_type: "toaster" } })).toBe(`${name}.device_type`);
    expect(at({ register_device: { ...device, key: "zz" } })).toBe(`${name}.key`);
    expect(at({ register_device: { ...device, colour: 1 } })).toBe(`${name}.colour`);
    expect(at({ register_device: device, join_timeout: 65536 })).toBe("DeviceLog(CHF): joiningTimePeriod");
    expect(at({ register_device: device, nothing: 1 })).toBe("nothing");
    expect(refusal("ECS35c", {}).field).toBe("EventLog(CHF)");
    expect(refusal("ECS35c", { "EventLog(CHF)": { from: "yesterday", to: 0 } }).field).toBe(
      "EventLog(CHF).from",
    );
    expect(refusal("GCS13a", {}).field).toBe("useCase");
    expect(refusal("__proto__", {}).field).toBe("useCase");
  });

  it("takes typed data where the tables say too little", () => {
    const typed = { type: "octet-string", value: fromHex("68656c6c6f") };
    const request = buildDlmsCommand("ECS10", { "SupplierMessage: value": typed }, context);
    expect(request.data).toEqual([typed]);
  });
});

/** The plain value without the members that the tables fix. */
function withoutConstants(value: unknown, shape: Shape | undefined): unknown {
  if (Array.isArray(value))
    return shape?.type === "array" ? value.map((one) => withoutConstants(one, shape.element)) : value;
  if (typeof value !== "object" || value === null || shape?.type !== "structure") return value;
  const entries = Object.entries(value).flatMap(([name, part]) => {
    const member = shape.members?.find((one) => one.name === name);
    return member?.constant === undefined ? [[name, withoutConstants(part, member)] as const] : [];
  });
  return Object.fromEntries(entries);
}

describeShared("published DLMS Commands", "rtds.jsonl", (path) => {
  it("are all built again from their named fields, with and without what the tables fix", () => {
    let built = 0;
    for (const { envelope, name } of readVectors(path)) {
      if (envelope.kind === "RESPONSE" || envelope.kind === "ALERT" || !isDlms(envelope.content)) continue;
      const request = decodeDlms(envelope.content);
      const useCase = useCaseByMessageCode(envelope.messageCode);
      if (request.type !== "access-request" || !useCase) throw new Error(name);
      const fields = dlmsFields(useCase, request);
      if (fields === undefined) throw new Error(`${name} is not its use case`);
      const own = {
        counter: envelope.counter,
        requestingParty: envelope.supplementary?.remoteParty ?? envelope.originator,
        device: envelope.target,
      };
      const items = dlmsTemplate(useCase.code)?.access ?? [];
      const shorter = Object.fromEntries(
        Object.entries(fields).map(([item, value]) => [
          item,
          withoutConstants(value, items.find((one) => one.name === item)?.shape),
        ]),
      );
      for (const given of [fields, shorter]) {
        const octets = encodeDlms(buildDlmsCommand(useCase, given, own));
        expect(toHex(octets), name).toBe(toHex(envelope.content));
      }
      built++;
    }
    expect(built).toBe(297);
  });
});
