import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HanwayError } from "../../src/base/error.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { readKeystore } from "../../src/gbcs/keystore.ts";
import { describeShared } from "../shared-data.ts";
import { goldenKeystore } from "./golden/load.ts";
import { type KeystoreRecord, PARTY } from "./golden/parties.ts";

const records: KeystoreRecord[] = JSON.parse(
  readFileSync(new URL("golden/keystore.json", import.meta.url), "utf8"),
);

function refusal(json: string): string {
  try {
    readKeystore(json);
  } catch (error) {
    if (error instanceof HanwayError) return `${error.code} ${error.message}`;
    throw error;
  }
  return "";
}

describe("keystore", () => {
  it("finds keys by EUI-64, use and prepayment, and the Access Control Broker by its role", () => {
    const keystore = goldenKeystore();
    expect(keystore.accessControlBroker).toBe(PARTY.accessControlBroker);
    expect(keystore.privateKey(PARTY.supplier, "DS")?.type).toBe("private");
    expect(keystore.publicKey(PARTY.supplier, "KA")?.type).toBe("public");
    expect(keystore.publicKey(PARTY.supplier, "KA", true)).toBeUndefined();
    expect(keystore.role(PARTY.networkOperator)).toBe(3);
    expect(keystore.role(PARTY.esme)).toBeUndefined();
  });

  it("trusts the certificate, not the label, and lets a right label win", () => {
    const [first] = records;
    const mislabelled = { ...first, eui64: "0000000000000001", usage: "KA" };
    const keystore = readKeystore(JSON.stringify([mislabelled]));
    expect(keystore.publicKey(Eui64("0000000000000001"), "KA")).toBeUndefined();
    expect(keystore.publicKey(Eui64(first?.eui64 ?? ""), "DS")).toBeDefined();
  });

  it.each([
    ["text that is no JSON", "{", "config/invalid"],
    ["an object", "{}", "config/invalid"],
    ["another use", JSON.stringify([{ ...records[0], usage: "XX" }]), "keystore[0].usage"],
    ["half an EUI-64", JSON.stringify([{ ...records[0], eui64: "02fa17e0" }]), "keystore[0].eui64"],
    [
      "the private key of another",
      JSON.stringify([{ ...records[0], privateScalar: records[1]?.privateScalar }]),
      "keystore[0].privateScalar",
    ],
    [
      "a private key that is none",
      JSON.stringify([{ ...records[0], privateScalar: "ff".repeat(32) }]),
      "keystore[0].privateScalar",
    ],
    [
      "a certificate cut short",
      JSON.stringify([{ ...records[0], certificate: records[0]?.certificate.slice(0, 100) }]),
      "keystore[0].certificate",
    ],
    ["a record without any key", JSON.stringify([{ eui64: records[0]?.eui64, usage: "DS" }]), "keystore[0]"],
  ])("refuses %s by naming the record", (_name, json, expected) => {
    expect(refusal(json)).toContain(expected);
  });

  it("puts no key into an error", () => {
    const scalar = records[1]?.privateScalar ?? "";
    for (const json of [
      JSON.stringify([{ ...records[0], privateScalar: scalar }]),
      JSON.stringify([{ ...records[0], privateScalar: `${scalar}zz` }]),
      `[{"privateScalar": "${scalar}"`,
      JSON.stringify([{ ...records[0], certificate: scalar }]),
    ]) {
      expect(refusal(json)).toMatch(/^config\/invalid/);
      expect(refusal(json)).not.toContain(scalar.slice(0, 8));
    }
  });
});

describeShared("published keystore", "rtds-keystore.json", (path) => {
  it("is read whole: 419 records, one of them a twin under a wrong label", () => {
    const keystore = readKeystore(readFileSync(path, "utf8"));
    expect(keystore.size).toBe(418);
    expect(keystore.publicKey(Eui64("90b3d51f30000007"), "KA")).toBeUndefined();
    expect(keystore.privateKey(Eui64("90b3d51f30030000"), "KA")).toBeDefined();
    expect(keystore.privateKey(Eui64("90b3d51f30010000"), "KA", true)).toBeDefined();
    expect(keystore.accessControlBroker).toBe("90b3d51f30000002");
  });
});
