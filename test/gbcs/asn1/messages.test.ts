import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteReader, fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import {
  ASN1_MESSAGE_CODES,
  type Asn1Kind,
  decodeAsn1,
  decodeCertificationRequest,
  encodeAsn1,
  encodeCertificationRequest,
  encodeCertificationRequestInfo,
  GENERALIZED_TIME_MAX,
  isAsn1,
  KEY_USAGE,
  nameOf,
  parseGeneralizedTime,
  STATUS_CODE,
} from "../../../src/gbcs/asn1/index.ts";
import { describeShared } from "../../shared-data.ts";

const KINDS: readonly Asn1Kind[] = ["command", "response", "alert"];

interface Letter {
  readonly name: string;
  readonly code: number;
  readonly kind: Asn1Kind;
  readonly content: Uint8Array;
}

/** Message code, kind and content of a published message, by the layout of its Grouping Header. */
function openLetter(name: string, hex: string): Letter {
  const reader = new ByteReader(fromHex(hex));
  const length = () => {
    const first = reader.u8("length");
    let value = first < 0x80 ? first : 0;
    for (let i = 0; i < (first & 0x7f) && first >= 0x80; i++) value = value * 256 + reader.u8("length");
    return value;
  };
  if (reader.bytes[0] === 0xdd) {
    reader.take(7, "mac header");
    length();
    reader.take(5, "security header");
  }
  reader.take(2, "tag");
  const kind = KINDS[reader.u8("cra") - 1] ?? "alert";
  reader.take(8 + 9 + 9, "addresses");
  reader.take(length(), "time");
  const other = length();
  const code = reader.u16be("code");
  reader.take(other - 2, "supplementary");
  return { name, code, kind, content: reader.take(length(), "content") };
}

function same(code: number, kind: Asn1Kind, hex: string): unknown {
  const value = decodeAsn1(code, kind, fromHex(hex));
  expect(toHex(encodeAsn1(code, kind, value))).toBe(hex);
  return value;
}

describe("messages with DER contents", () => {
  it("CS02a: a role not held is answered with status alone", () => {
    expect(same(0x0008, "response", "30083006020103 0a0119".replace(" ", ""))).toEqual([
      { role: 3, status: STATUS_CODE.trustAnchorNotFound },
    ]);
    expect(nameOf(STATUS_CODE, 25)).toBe("trustAnchorNotFound");
  });

  it("CS02a: an authorising cell in its management use does not encode the use", () => {
    const value = decodeAsn1(0x0008, "command", fromHex("300e3007020104030203083003020104"));
    expect(value).toEqual({
      authorisingCell: { role: 4, keyUsage: KEY_USAGE.keyAgreement, cellUsage: 0 },
      rolesRequired: [4],
    });
    expect(() => decodeAsn1(0x0008, "command", fromHex("3011300a020104030203080201003003020104"))).toThrow(
      expect.objectContaining({
        code: "decode/value",
        field: "content.authorisingCell.cellUsage",
      }) as HanwayError,
    );
  });

  it("CS02b: every optional part of the control is there or not", () => {
    const control = {
      mode: 9,
      plaintextSymmetricKey: new Uint8Array(16).fill(9),
      applyTimeBasedCpvChecks: 1,
      authorisingCell: { role: 1, keyUsage: 1, cellUsage: 0 },
      authorisingSeqNumber: 2n ** 64n - 1n,
      newRemotePartyFloorSeqNumber: 128n,
      newRemotePartySpecialistFloorSeqNumbers: [{ usage: 0, seqNumber: 0n }],
      otherRemotePartySeqNumberChanges: [
        { role: 2, floorSeqNumber: 1n, specialistFloorSeqNumbers: [{ usage: 0, seqNumber: 5n }] },
        { role: 3, floorSeqNumber: 1n },
      ],
    };
    const certificate = fromHex("3003020105");
    const full = {
      control,
      replacements: [{ certificate, targetCell: { role: 2, keyUsage: 16, cellUsage: 1 } }],
      certificationPath: [certificate],
      executionTime: GENERALIZED_TIME_MAX,
    };
    expect(decodeAsn1(0x0109, "command", encodeAsn1(0x0109, "command", full))).toEqual(full);
    const least = {
      control: { mode: 4, authorisingSeqNumber: 1n },
      replacements: [],
      certificationPath: [],
    };
    const der = encodeAsn1(0x0104, "command", least);
    expect(toHex(der)).toBe("300c3006020104830101" + "30003000");
    expect(decodeAsn1(0x0104, "command", der)).toEqual(least);
  });

  it("CS02b, CS02g: a future-dated Command is answered without an outcome", () => {
    expect(same(0x0107, "response", "30020500")).toEqual({ commandAccepted: null });
  });

  it("CS02c, CS02d, CS02e: a failure is one integer", () => {
    expect(same(0x000a, "response", "020103")).toEqual({ kind: "error", value: 3 });
    expect(same(0x000b, "response", "020107")).toBe(7);
    expect(same(0x000c, "response", "020102")).toEqual({ kind: "error", value: 2 });
    expect(() => decodeAsn1(0x000c, "response", fromHex("020100"))).toThrow(HanwayError);
  });

  it("CS03B: the vector of the hub's own reference", () => {
    expect(same(0x000e, "command", "3010020102040800db12345678909c020103")).toEqual({
      method: 2,
      otherDeviceId: "00db12345678909c",
      otherDeviceType: 3,
    });
  });

  it("CS06: accepted or carried out", () => {
    expect(same(0x0012, "response", "0500")).toEqual({ kind: "accepted", value: null });
    expect(same(0x0012, "response", "300902010104040123abcf")).toEqual({
      kind: "outcome",
      value: { result: 1, firmwareVersion: fromHex("0123abcf") },
    });
  });

  it("CS07: a read failure has no list", () => {
    expect(same(0x0013, "response", "3003020101")).toEqual({ result: 1 });
    expect(same(0x0013, "response", "30050201003000")).toEqual({ result: 0, entries: [] });
    expect(same(0x0013, "command", "0500")).toBeNull();
  });

  it("CCS08: success and failure under their alert codes, no other", () => {
    const alert = {
      alertCode: 0x8f89,
      time: parseGeneralizedTime("20150101000000Z"),
      deviceId: Eui64("00db1234567890a4"),
      firmwareVersion: fromHex("0123abcd"),
      result: 3,
    };
    const der = encodeAsn1(0x0128, "alert", alert);
    expect(decodeAsn1(0x0128, "alert", der)).toEqual(alert);
    expect(() => encodeAsn1(0x0128, "alert", { ...alert, alertCode: 0x8f66 })).toThrow(HanwayError);
  });

  it("takes lengths of 128 to 255 in the published form and in DER's, but not mixed", () => {
    const entries = Array.from({ length: 9 }, () => ({ deviceId: Eui64("00db123456789099"), deviceType: 5 }));
    const value = { result: 0, entries };
    const published = encodeAsn1(0x0013, "response", value);
    const shortest = encodeAsn1(0x0013, "response", value, "shortest");
    expect(toHex(published)).toMatch(/^3082008e0201003082008730/);
    expect(toHex(shortest)).toMatch(/^30818d02010030818730/);
    expect(decodeAsn1(0x0013, "response", published)).toEqual(value);
    expect(decodeAsn1(0x0013, "response", shortest)).toEqual(value);
    const mixed = fromHex(toHex(published).replace("3082008e0201003082008730", "3082008d02010030818730"));
    expect(() => decodeAsn1(0x0013, "response", mixed)).toThrow(
      expect.objectContaining({ code: "decode/length", field: "content.entries", offset: 8 }) as HanwayError,
    );
  });

  it("knows which codes have DER contents", () => {
    expect(ASN1_MESSAGE_CODES).toHaveLength(35);
    expect(isAsn1(0x0012, "command")).toBe(true);
    expect(isAsn1(0x0012, "alert")).toBe(false);
    expect(() => decodeAsn1(0x0001, "command", new Uint8Array())).toThrow(
      expect.objectContaining({ code: "decode/value", field: "messageCode" }) as HanwayError,
    );
  });

  it("any octets under any code: a HanwayError or the one encoding of a value", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ASN1_MESSAGE_CODES),
        fc.constantFrom(...KINDS),
        fc.uint8Array({ maxLength: 80 }),
        (code, kind, noise) => {
          for (const der of [noise, new Uint8Array([0x30, noise.length, ...noise])])
            survives(code, kind, der);
        },
      ),
    );
  });
});

function survives(code: number, kind: Asn1Kind, der: Uint8Array): void {
  let value: unknown;
  try {
    value = decodeAsn1(code, kind, der);
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    expect(error.field).toMatch(/^(content|messageCode)/);
    return;
  }
  const forms = (["two-octet", "shortest"] as const).map((form) =>
    toHex(encodeAsn1(code, kind, value, form)),
  );
  expect(forms).toContain(toHex(der));
}

describe("PKCS#10 requests of devices (CS02c)", () => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = keys.publicKey.export({ format: "der", type: "spki" });
  const request = {
    publicKey: new Uint8Array(spki.subarray(-65)),
    keyUsage: KEY_USAGE.digitalSignature,
    hardwareType: "1.2.826.0.1.8641679.1.2.2.1",
    deviceId: Eui64("00db1234567890a0"),
  };

  it("round trip with a signature that verifies", () => {
    const info = encodeCertificationRequestInfo(request);
    const der = encodeCertificationRequest(info, new Uint8Array(sign("sha256", info, keys.privateKey)));
    const decoded = decodeCertificationRequest(der);
    expect(decoded.request).toEqual(request);
    expect(verify("sha256", decoded.info, keys.publicKey, decoded.signature)).toBe(true);
  });

  it("truncation and bit flips never escape as another exception", () => {
    const der = encodeCertificationRequest(
      encodeCertificationRequestInfo(request),
      fromHex("3006020101020101"),
    );
    for (let at = 0; at < der.length; at++) {
      expect(() => decodeCertificationRequest(der.subarray(0, at))).toThrow(HanwayError);
      const flipped = der.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 0x41;
      try {
        decodeCertificationRequest(flipped);
      } catch (error) {
        expect(error).toBeInstanceOf(HanwayError);
      }
    }
  });
});

describeShared("published messages with DER contents (RTDS 4.5.0)", "rtds.jsonl", (path) => {
  const letters = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { name: string; kind: string; hex: string })
    .map(({ name, kind, hex }) => openLetter(`${name} ${kind}`, hex))
    .filter(({ code, kind }) => isAsn1(code, kind));

  it("are all there", () => {
    expect(letters.length).toBeGreaterThanOrEqual(145);
  });

  it.each(letters.map((letter) => [letter.name, letter] as const))(
    "%s re-encodes to its octets",
    (_, letter) => {
      const value = decodeAsn1(letter.code, letter.kind, letter.content);
      expect(toHex(encodeAsn1(letter.code, letter.kind, value))).toBe(toHex(letter.content));
    },
  );

  it("survive truncation at every octet and a flip of every octet", () => {
    const kinds = new Map(letters.map((letter) => [`${letter.code} ${letter.kind}`, letter]));
    for (const { code, kind, content } of kinds.values()) {
      for (let at = 0; at < content.length; at++) {
        expect(() => decodeAsn1(code, kind, content.subarray(0, at))).toThrow(HanwayError);
        const flipped = content.slice();
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at & 7));
        survives(code, kind, flipped);
      }
    }
  });

  it("carry a certification request that its own key verifies", () => {
    const response = letters.find(
      ({ code, kind, content }) => code === 0x0a && kind === "response" && content[0] === 0x30,
    );
    const decoded = decodeAsn1(0x000a, "response", response?.content ?? new Uint8Array());
    const der = decoded.kind === "certificationRequest" ? decoded.value : new Uint8Array();
    const { request, info, signature } = decodeCertificationRequest(der);
    expect(toHex(encodeCertificationRequestInfo(request))).toBe(toHex(info));
    expect(toHex(encodeCertificationRequest(info, signature))).toBe(toHex(der));
    const key = createPublicKey({
      key: Buffer.concat([
        fromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200"),
        request.publicKey,
      ]),
      format: "der",
      type: "spki",
    });
    expect(verify("sha256", info, key, signature)).toBe(true);
  });
});
