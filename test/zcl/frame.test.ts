import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import {
  decodeZcl,
  encodeCommand,
  encodeGeneral,
  encodeNamed,
  encodeZcl,
  isCommand,
} from "../../src/zcl/frame.ts";
import type { ZclFields } from "../../src/zcl/value.ts";

const hex = (text: string) => fromHex(text.replaceAll(" ", ""));

function failure(run: () => unknown): HanwayError {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Frames as Wireshark 4.0 dissects them: cluster, octets, command, fields. */
const FRAMES: [number, string, string, ZclFields][] = [
  [0x0702, "09 10 01", "RequestMirror", {}],
  [0x0702, "01 10 01 0200", "RequestMirrorResponse", { endpointId: 2 }],
  [
    0x0702,
    "09 11 08 804A371C 080700 01 02",
    "ConfigureMirror",
    {
      issuerEventId: 0x1c374a80,
      reportingInterval: 1800,
      mirrorNotificationReporting: true,
      notificationScheme: 2,
    },
  ],
  [
    0x0702,
    "08 12 0A 0000 25 393000000000 FEFF 30 01",
    "ReportAttributes",
    {
      records: [
        { attributeId: 0, dataType: 0x25, value: 12345 },
        { attributeId: 0xfffe, dataType: 0x30, value: 1 },
      ],
    },
  ],
  [
    0x0702,
    "01 12 09 02 00002000 00000000 00000000 00000000 00000000",
    "MirrorReportAttributeResponse",
    { notificationScheme: 2, notificationFlags: [0x200000, 0, 0, 0, 0] },
  ],
  [
    0x0019,
    "01 20 01 01 3412 0000 00000101 0100",
    "QueryNextImageRequest",
    {
      fieldControl: 1,
      manufacturerCode: 0x1234,
      imageType: 0,
      currentFileVersion: 0x01010000,
      hardwareVersion: 1,
    },
  ],
  [0x0019, "19 20 02 98", "QueryNextImageResponse", { status: 0x98 }],
  [
    0x0019,
    "19 21 02 00 3412 0000 00000201 00500000",
    "QueryNextImageResponse",
    { status: 0, manufacturerCode: 0x1234, imageType: 0, fileVersion: 0x01020000, imageSize: 0x5000 },
  ],
  [0x070b, "09 30 00 05", "SuspendZclMessages", { period: 5 }],
  [
    0x0704,
    "01 05 00 06 FFFF 00 DC05",
    "RequestTunnel",
    {
      protocolId: 6,
      manufacturerCode: 0xffff,
      flowControlSupport: false,
      maximumIncomingTransferSize: 1500,
    },
  ],
  [0x0000, "00 01 00 0000 0400", "ReadAttributes", { attributeIds: [0, 4] }],
  [
    0x0000,
    "18 01 01 0400 00 42 03 61C3A9 0500 86",
    "ReadAttributesResponse",
    {
      records: [
        { attributeId: 4, status: 0, dataType: 0x42, value: "aé" },
        { attributeId: 5, status: 0x86 },
      ],
    },
  ],
  [
    0x000a,
    "18 01 01 0000 00 E2 804A371C 0200 00 2B F0F1FFFF",
    "ReadAttributesResponse",
    {
      records: [
        { attributeId: 0, status: 0, dataType: 0xe2, value: 0x1c374a80 },
        { attributeId: 2, status: 0, dataType: 0x2b, value: -3600 },
      ],
    },
  ],
  [0x0700, "18 02 0B FF 01", "DefaultResponse", { commandId: 0xff, status: 1 }],
  [0x0000, "18 03 04 00", "WriteAttributesResponse", { records: [{ status: 0 }] }],
  [
    0x0702,
    "00 04 06 00 0000 25 0A00 2C01 010000000000 00 0003 30 0A00 2C01 01 0100 1400",
    "ConfigureReporting",
    {
      records: [
        {
          direction: 0,
          attributeId: 0,
          dataType: 0x25,
          minimumReportingInterval: 10,
          maximumReportingInterval: 300,
          reportableChange: 1,
        },
        {
          direction: 0,
          attributeId: 0x0300,
          dataType: 0x30,
          minimumReportingInterval: 10,
          maximumReportingInterval: 300,
        },
        { direction: 1, attributeId: 1, timeoutPeriod: 20 },
      ],
    },
  ],
];

describe("ZCL 2.4 frames", () => {
  test.each(FRAMES)("cluster %i: %s is %s", (cluster, text, name, fields) => {
    const frame = decodeZcl(hex(text), { cluster });
    expect(frame.name).toBe(name);
    expect(frame.fields).toEqual(fields);
    expect(toHex(encodeZcl(frame))).toBe(toHex(hex(text)));
  });

  test("an unknown command keeps its payload as octets", () => {
    const frame = decodeZcl(hex("01 05 7F 0102"), { cluster: 0x0702 });
    expect(frame).toMatchObject({ name: undefined, fields: { payload: hex("0102") } });
    expect(toHex(encodeZcl(frame))).toBe("01057f0102");
  });

  test("so do a command of an unknown cluster and a maker's own command", () => {
    expect(decodeZcl(hex("01 05 00 01"), { cluster: 0xfc00 }).fields).toEqual({ payload: hex("01") });
    const own = decodeZcl(hex("05 3412 05 00 0102"), { cluster: 0x0702 });
    expect(own).toMatchObject({ manufacturerCode: 0x1234, fields: { payload: hex("0102") } });
    expect(toHex(encodeZcl(own))).toBe("05341205000102");
  });

  test("a snapshot of an unknown payload type keeps that payload as octets", () => {
    const text = "09 01 06 01000000 00000000 01 00 01 00000000 09 AABB";
    const frame = decodeZcl(hex(text), { cluster: 0x0702 });
    expect(frame.fields.snapshotPayload).toEqual(hex("AABB"));
    expect(toHex(encodeZcl(frame))).toBe(toHex(hex(text)));
  });

  test("trailing octets are refused with the place where they begin", () => {
    const error = failure(() => decodeZcl(hex("01 10 01 0200 00"), { cluster: 0x0702 }));
    expect(error).toMatchObject({ code: "decode/trailing", offset: 5 });
  });

  test("an error within a list names record and field", () => {
    const error = failure(() => decodeZcl(hex("18 01 01 0400 00 42 01 61 0500 00 20"), { cluster: 0 }));
    expect(error).toMatchObject({
      code: "decode/truncated",
      field: "ReadAttributesResponse.records[1].value",
      offset: 13,
    });
  });

  test("reserved bits of the frame control are refused", () => {
    for (const control of ["02", "03", "20", "40", "80"]) {
      expect(failure(() => decodeZcl(hex(`${control} 01 00`), { cluster: 0 }))).toMatchObject({
        code: "decode/value",
        field: "frameControl",
        offset: 0,
      });
    }
  });

  test("a count that lies about the octets behind it costs nothing and is refused", () => {
    const error = failure(() =>
      decodeZcl(hex("09 01 07 0000 00000000 00 0807 FFFF 010000"), { cluster: 0x0702 }),
    );
    expect(error).toMatchObject({ code: "decode/truncated", field: "GetSampledDataResponse.samples[1]" });
  });

  test("65,534 array elements without octets are refused", () => {
    const error = failure(() => decodeZcl(hex("18 01 01 0000 00 48 00 FEFF"), { cluster: 0 }));
    expect(error).toMatchObject({ code: "decode/value" });
  });

  test("arrays within arrays are followed to 15 levels and refused beyond", () => {
    const nested = (levels: number) => `18 01 01 0000 00 48 ${"48 0100 ".repeat(levels - 1)} 20 0100 07`;
    expect(toHex(encodeZcl(decodeZcl(hex(nested(15)), { cluster: 0 })))).toBe(toHex(hex(nested(15))));
    expect(failure(() => decodeZcl(hex(nested(16)), { cluster: 0 })).code).toBe("decode/depth");
    expect(failure(() => decodeZcl(hex(nested(5000)), { cluster: 0 })).code).toBe("decode/depth");
  });

  test("a string longer than its field allows is refused", () => {
    const topUp = (length: number) => hex(`01 01 04 02 ${length.toString(16)} ${"31".repeat(length)}`);
    expect(decodeZcl(topUp(25), { cluster: 0x0705 }).fields.topUpCode).toHaveLength(25);
    expect(failure(() => decodeZcl(topUp(26), { cluster: 0x0705 }))).toMatchObject({
      code: "decode/length",
      field: "ConsumerTopUp.topUpCode",
      offset: 4,
    });
  });
});

describe("encoding by name", () => {
  test("a cluster command finds its id and direction", () => {
    expect(toHex(encodeCommand(0x0702, "RequestMirrorResponse", { endpointId: 2 }, { sequence: 16 }))).toBe(
      "0110010200",
    );
  });

  test("the types refuse a field that the command does not have", () => {
    // @ts-expect-error the field is endpointId
    const encode = () => encodeCommand(0x0702, "RequestMirrorResponse", { endpoint: 2 }, { sequence: 0 });
    expect(encode).toThrow(HanwayError);
  });

  test("a decoded command is told apart with its fields", () => {
    const frame = decodeZcl(hex("09 11 08 804A371C 080700 01 02"), { cluster: 0x0702 });
    expect(isCommand(frame, 0x0702, "RequestMirror")).toBe(false);
    if (!isCommand(frame, 0x0702, "ConfigureMirror")) return expect.unreachable();
    const seconds: number = frame.fields.reportingInterval;
    expect(seconds).toBe(1800);
    const again = encodeCommand(0x0702, "ConfigureMirror", frame.fields, { sequence: 0x11 });
    expect(toHex(again)).toBe("091108804a371c0807000102");
  });

  test("a count follows from its list when it is left out, and must agree when it is given", () => {
    const fields = { endTime: 0, status: 0, profileIntervalPeriod: 2, intervals: [1, 2] };
    const encode = (more: ZclFields) =>
      toHex(encodeNamed(0x0702, "GetProfileResponse", { ...fields, ...more }, { sequence: 0 }));
    expect(encode({})).toBe("090000000000000002" + "02" + "010000020000");
    expect(encode({ numberOfPeriodsDelivered: 2 })).toBe(encode({}));
    expect(failure(() => encode({ numberOfPeriodsDelivered: 3 }))).toMatchObject({
      code: "encode/value",
      field: "GetProfileResponse.intervals",
    });
  });

  test("numbers out of range, fractions and wrong kinds are refused with their field", () => {
    for (const endpointId of [-1, 0x10000, 1.5, "2", null, 2n, Number.NaN]) {
      expect(
        failure(() => encodeNamed(0x0702, "RequestMirrorResponse", { endpointId }, { sequence: 0 })),
      ).toMatchObject({ code: "encode/value", field: "RequestMirrorResponse.endpointId" });
    }
  });

  test("an unknown command and a field that the condition rules out are refused", () => {
    expect(() => encodeNamed(0x0702, "Nonsense", {}, { sequence: 0 })).toThrow(HanwayError);
    expect(
      failure(() =>
        encodeNamed(0x0019, "QueryNextImageResponse", { status: 0x98, imageSize: 1 }, { sequence: 0 }),
      ),
    ).toMatchObject({ code: "encode/value", field: "QueryNextImageResponse.imageSize" });
  });

  test("a general command carries the direction it is given", () => {
    const fields = { commandId: 1, status: 0x8b };
    const options = { sequence: 3, direction: "serverToClient", disableDefaultResponse: true } as const;
    expect(toHex(encodeGeneral(0x0702, 0x0b, fields, options))).toBe("18030b018b");
  });
});
