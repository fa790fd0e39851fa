import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { eui64FromBytes } from "../../../src/base/eui64.ts";
import {
  type Data,
  type DlmsApdu,
  decodeDlms,
  encodeData,
  encodeDlms,
  findProtected,
  findProtectionRequests,
  protectedAnswer,
  protectionParameters,
  withDecrypted,
} from "../../../src/gbcs/dlms/index.ts";
import { readKeystore } from "../../../src/gbcs/keystore.ts";
import { open, seal } from "../../../src/gbcs/security/gcm.ts";
import { KDF_MODE, otherInfo } from "../../../src/gbcs/security/kdf.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { describeShared, sharedData } from "../../shared-data.ts";
import { isDlms, readVectors } from "../vectors.ts";

const parameters = {
  transactionId: fromHex("04000000000000000a"),
  originator: fromHex("00dbaaaaaaaaaaa0"),
  recipient: fromHex("90b3d51f3001ffff"),
};
const key = fromHex("000102030405060708090a0b0c0d0e0f");
const attributes: Data[] = [
  { type: "i32", value: -250_000 },
  { type: "array", value: [{ type: "u32", value: 7 }] },
];
const plaintext = encodeData({ type: "structure", value: attributes });
const answer = protectedAnswer(parameters, seal(key, parameters.originator, plaintext));

function response(...data: Data[]): DlmsApdu {
  const results = data.map(() => ({ operation: "action", result: 0 }) as const);
  return { type: "access-response", invokeId: 0x2000000a, dateTime: new Uint8Array(0), data, results };
}

describe("COSEM data protection (class 30, GBCS 8.5)", () => {
  it("is found in a Response with its parameters, and opens into the attributes asked for", () => {
    const apdu = decodeDlms(encodeDlms(response({ type: "null" }, answer)));
    const [found, ...others] = findProtected(apdu);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      field: "data[1][1]",
      ...parameters,
      securityControl: 0x31,
      invocationCounter: 0,
    });
    const opened = withDecrypted(apdu, ({ originator, sealed }) => open(key, originator, sealed));
    expect(opened.map((part) => part.attributes)).toEqual([attributes]);
  });

  it("is found in the body of an Alert", () => {
    const [list, sealed] = answer.type === "structure" ? answer.value : [];
    if (!list || !sealed) throw new Error("unexpected");
    const body: Data = { type: "structure", value: [{ type: "u16", value: 0x8f0a }, list, sealed] };
    const apdu: DlmsApdu = { type: "data-notification", invokeId: 1, dateTime: new Uint8Array(0), body };
    expect(findProtected(apdu).map((part) => part.field)).toEqual(["body[2]"]);
  });

  it("is asked for by the last element of the method's parameter", () => {
    const wanted = { ...parameters, originator: parameters.recipient, recipient: parameters.originator };
    const parameter: Data = {
      type: "structure",
      value: [{ type: "array", value: [] }, protectionParameters(wanted)],
    };
    const apdu: DlmsApdu = {
      type: "access-request",
      invokeId: 1,
      dateTime: new Uint8Array(0),
      specifications: [{ operation: "action", classId: 30, obis: fromHex("00002b0206ff"), index: 1 }],
      data: [parameter],
    };
    expect(findProtectionRequests(apdu)).toEqual([wanted]);
    expect(findProtected(apdu)).toEqual([]);
  });

  it("is refused by field when too short for its tag or of another security control", () => {
    const [list] = answer.type === "structure" ? answer.value : [];
    if (!list) throw new Error("unexpected");
    for (const [hex, code] of [
      ["3100000000ffffffffffffffffffffff", "decode/length"],
      ["1100000000ffffffffffffffffffffffff", "decode/value"],
    ] as const) {
      const bad: Data = { type: "structure", value: [list, { type: "octet-string", value: fromHex(hex) }] };
      expect(() => findProtected(response(bad))).toThrow(HanwayError);
      expect(() => findProtected(response(bad))).toThrow(
        expect.objectContaining({ code, field: "data[0][1]" }),
      );
    }
  });

  it("is refused when the plaintext is not one structure", () => {
    const sealed = seal(key, parameters.originator, fromHex("1105"));
    const apdu = response(protectedAnswer(parameters, sealed));
    const run = () => withDecrypted(apdu, (part) => open(key, part.originator, part.sealed));
    expect(run).toThrow(expect.objectContaining({ code: "decode/value", field: "data[0][1]" }));
  });
});

describeShared("published DLMS ciphertexts", "rtds.jsonl", (path) => {
  const keystore = readFileSync(sharedData("rtds-keystore.json") ?? path, "utf8");
  const agreement = keystoreAgreement(readKeystore(keystore));

  it("open and encode back to the octets that were decrypted", () => {
    let opened = 0;
    let certified = 0;
    for (const { envelope, name } of readVectors(path)) {
      if (!isDlms(envelope.content)) continue;
      const apdu = decodeDlms(envelope.content);
      // The key for a party that the device does not know comes with the Command's certificate: not this layer.
      if (envelope.supplementary?.originatorCounter !== undefined) certified += findProtected(apdu).length;
      else
        opened += withDecrypted(apdu, (part) => {
          const info = otherInfo(
            KDF_MODE.encryption,
            part.originator,
            part.transactionId.subarray(1),
            part.recipient,
          );
          const pair = { a: eui64FromBytes(part.originator), b: eui64FromBytes(part.recipient) };
          const derived = agreement.deriveKey(pair, info);
          const plain = derived && open(derived, part.originator, part.sealed);
          if (!plain) throw new Error(`${name} does not open`);
          return plain;
        }).length;
    }
    expect({ opened, certified }).toEqual({ opened: 14, certified: 1 });
  });
});
