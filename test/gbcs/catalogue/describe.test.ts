import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { eui64FromBytes } from "../../../src/base/eui64.ts";
import { describeDlms, useCase, useCaseByMessageCode } from "../../../src/gbcs/catalogue/index.ts";
import { type AccessRequest, decodeDlms, withDecrypted } from "../../../src/gbcs/dlms/index.ts";
import { readKeystore } from "../../../src/gbcs/keystore.ts";
import { open } from "../../../src/gbcs/security/gcm.ts";
import { KDF_MODE, otherInfo } from "../../../src/gbcs/security/kdf.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { describeShared, sharedData } from "../../shared-data.ts";
import { isDlms, readVectors } from "../vectors.ts";

const decode = (hex: string) => decodeDlms(fromHex(hex.replaceAll(" ", "")));

describe("naming what a DLMS message says", () => {
  it("names the items of a Command", () => {
    const apdu = decode("d92000000a0001 03006800001e0300ff02 01 090800dbaaaaaaaaaaa4");
    expect(describeDlms(apdu, useCase("CCS02"))).toEqual([
      {
        name: "DeviceLog(CHF): removeEntry",
        class: 104,
        obis: "0-0:30.3.0.255",
        attribute: "unregister_device",
        operation: "action",
        value: "00dbaaaaaaaaaaa4",
      },
    ]);
  });

  it("names log entries, times and results of a Response", () => {
    const apdu = decode("da2000000a0000 01 13 0203061209 09 1c374a80 8154 02009b 01 0100");
    expect(describeDlms(apdu, useCase("ECS35c"))).toEqual([
      expect.objectContaining({
        name: "EventLog(CHF)",
        obis: "0-0:99.98.0.255",
        result: "success",
        value: [{ timestamp: "2015-01-01T00:00:00Z", logCode: 0x8154, otherInformation: "009b" }],
      }),
    ]);
  });

  it("names alert code, time and body of an Alert", () => {
    const apdu = decode("0f2000000a00 0203 128f26 090c07df0101ff000000008000ff 0202 0420e0000001 090103");
    expect(describeDlms(apdu, useCase("DBCH07"))).toEqual([
      { name: "alertCode", value: 0x8f26, meaning: "Sub-GHz channel changed" },
      { name: "alertTime", value: "2015-01-01T00:00:00Z" },
      { name: "channelChange", value: { channel: "11100000000000000000000000000001", reason: "03" } },
    ]);
  });

  it("falls back on logical names without a use case", () => {
    const apdu = decode("d92000000a0001 010001 0000600101ff 02 01 00");
    expect(describeDlms(apdu, undefined)).toMatchObject([{ name: "1/0-0:96.1.1.255/2", attribute: "2" }]);
  });
});

describeShared("names of published DLMS messages", "rtds.jsonl", (path) => {
  const vectors = readVectors(path).filter(({ envelope }) => isDlms(envelope.content));

  it("are known for every item of every message", () => {
    const requests = new Map<string, AccessRequest>();
    for (const { envelope, name } of vectors) {
      const apdu = decodeDlms(envelope.content);
      if (apdu.type === "access-request") requests.set(name.replace(/_(?:PRE)?COMMAND$/, ""), apdu);
    }
    for (const { envelope, name } of vectors) {
      const request = requests.get(name.replace(/_RESPONSE$/, ""));
      const found = useCaseByMessageCode(envelope.messageCode);
      const named = describeDlms(decodeDlms(envelope.content), found, request ? { request } : {});
      expect(
        named.filter((one) => /^\d+\/|^item \d|^value\d|^body$/.test(one.name)),
        name,
      ).toEqual([]);
    }
  });

  it("are known for what protected attributes hold", () => {
    const keys = keystoreAgreement(
      readKeystore(readFileSync(sharedData("rtds-keystore.json") ?? path, "utf8")),
    );
    let described = 0;
    for (const { envelope, name } of vectors) {
      if (envelope.supplementary?.originatorCounter !== undefined) continue;
      const apdu = decodeDlms(envelope.content);
      const opened = withDecrypted(apdu, ({ transactionId, originator, recipient, sealed }) => {
        const info = otherInfo(KDF_MODE.encryption, originator, transactionId.subarray(1), recipient);
        const key = keys.deriveKey({ a: eui64FromBytes(originator), b: eui64FromBytes(recipient) }, info);
        return key && open(key, originator, sealed);
      });
      if (opened.length === 0) continue;
      const named = describeDlms(apdu, useCaseByMessageCode(envelope.messageCode), { opened });
      const [first] = named.filter((one) => one.protected);
      expect(first?.name, name).toBeTruthy();
      const value = Array.isArray(first?.value) ? first.value[0] : first?.value;
      expect(Object.keys(value ?? {})[0], `${name} has names`).not.toBe("0");
      described++;
    }
    expect(described).toBe(14);
  });
});
