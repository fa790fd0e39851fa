import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HanwayError } from "../../../src/base/error.ts";
import { KEY_USAGE } from "../../../src/gbcs/asn1/index.ts";
import { readCertificate } from "../../../src/gbcs/certificate/certificate.ts";
import { checkPath } from "../../../src/gbcs/certificate/path.ts";
import { describeShared } from "../../shared-data.ts";
import { goldenAuthorities, goldenKeystore } from "../golden/load.ts";
import { PARTY } from "../golden/parties.ts";

const keystore = goldenKeystore();
const { root, issuing } = goldenAuthorities();
const NOW = Date.UTC(2026, 0, 1) / 1000;

function certificateOf(name: keyof typeof PARTY, usage: "DS" | "KA") {
  const found = keystore.certificate(PARTY[name], usage);
  if (found === undefined) throw new Error("no certificate");
  return found;
}

describe("certificate profile (GBCS 12)", () => {
  it("reads EUI-64, role and key usage of an organisation", () => {
    expect(certificateOf("supplier", "DS")).toMatchObject({
      kind: "organisation",
      eui64: PARTY.supplier,
      role: 2,
      keyUsage: KEY_USAGE.digitalSignature,
    });
  });

  it("reads the EUI-64 of a device from its hardwareModuleName and its validity without end", () => {
    expect(certificateOf("esme", "KA")).toMatchObject({
      kind: "device",
      eui64: PARTY.esme,
      role: undefined,
      keyUsage: KEY_USAGE.keyAgreement,
      notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) / 1000,
    });
  });

  it("refuses a certificate cut at any octet or with one more", () => {
    const { der } = certificateOf("hub", "DS");
    for (let end = 0; end < der.length; end++) {
      expect(() => readCertificate(der.subarray(0, end))).toThrow(HanwayError);
    }
    expect(() => readCertificate(Uint8Array.of(...der, 0))).toThrow(
      expect.objectContaining({ code: "decode/trailing" }),
    );
  });

  it("reads a certificate with a flipped bit only as something its signature does not fit", () => {
    const { der } = certificateOf("supplier", "KA");
    fc.assert(
      fc.property(fc.nat(der.length * 8 - 1), (bit) => {
        const flipped = der.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        try {
          expect(checkPath(readCertificate(flipped), [issuing], root, NOW).outcome).not.toBe("trusted");
        } catch (error) {
          expect(error).toBeInstanceOf(HanwayError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe("path to a root", () => {
  it("trusts every party of the golden keystore through the issuing authority", () => {
    for (const name of ["supplier", "esme", "accessControlBroker"] as const)
      expect(checkPath(certificateOf(name, "DS"), [issuing], root, NOW)).toEqual({ outcome: "trusted" });
    expect(checkPath(root, [], root, NOW)).toEqual({ outcome: "trusted" });
  });

  it("tells a missing issuer, an expired and a not yet valid certificate apart", () => {
    const subject = certificateOf("supplier", "DS");
    expect(checkPath(subject, [], root, NOW)).toEqual({ outcome: "no-issuer", at: 0 });
    expect(checkPath(subject, [issuing], root, Date.UTC(2050) / 1000)).toEqual({ outcome: "expired", at: 0 });
    expect(checkPath(subject, [issuing], root, 0)).toEqual({ outcome: "not-yet-valid", at: 0 });
    expect(checkPath(subject, [issuing], root, undefined)).toEqual({ outcome: "trusted" });
  });

  it("does not take another root, nor a certificate for an authority that is none", () => {
    const subject = certificateOf("supplier", "DS");
    expect(checkPath(subject, [issuing], certificateOf("esme", "DS"), NOW).outcome).toBe("no-issuer");
    const posing = { ...certificateOf("networkOperator", "DS"), subject: subject.issuer };
    const issuer = { ...posing, subjectKeyIdentifier: subject.authorityKeyIdentifier ?? new Uint8Array(8) };
    expect(checkPath(subject, [issuer], root, NOW)).toEqual({ outcome: "not-an-authority", at: 1 });
  });

  it("does not trust a certificate whose issuer has the right name and another key", () => {
    const subject = certificateOf("supplier", "DS");
    const other = { ...issuing, publicKey: root.publicKey };
    expect(checkPath(subject, [other], root, NOW)).toEqual({ outcome: "wrong-signature", at: 0 });
  });
});

describeShared("published test certificates", "rtds-keystore.json", (path) => {
  it("are all read, and the label of one record is wrong", () => {
    const wrong: string[] = [];
    for (const { eui64, certificate } of JSON.parse(readFileSync(path, "utf8"))) {
      if (certificate === undefined) continue;
      const read = readCertificate(new Uint8Array(Buffer.from(certificate, "base64")));
      if (read.eui64 !== eui64) wrong.push(`${eui64} is ${read.eui64}`);
    }
    expect(wrong).toEqual(["90b3d51f30000007 is 90b3d51f30030000"]);
  });
});
