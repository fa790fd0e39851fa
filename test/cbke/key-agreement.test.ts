import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { checkCertificate, type TrustedIssuer } from "../../src/cbke/check-certificate.ts";
import { sharedSecret } from "../../src/cbke/ecmqv.ts";
import { reconstructPublicKey } from "../../src/cbke/ecqv.ts";
import { deriveKeys, sameMac } from "../../src/cbke/key-confirmation.ts";
import { keyPair, toScalar } from "../../src/cbke/scalar.ts";
import { checkCredential, SoftwareCbkeEngine } from "../../src/cbke/software-engine.ts";
import { SUITE_1, SUITE_2, type Suite, suiteOf } from "../../src/cbke/suite.ts";
import { TestAuthority } from "../../src/cbke/test-authority.ts";
import { describeShared } from "../shared-data.ts";

interface Example {
  readonly suite: Suite;
  readonly issuer: Eui64;
  readonly ca: string;
  readonly certV: string;
  readonly dV: string;
  readonly qV: string;
  readonly certU: string;
  readonly dU: string;
  readonly qU: string;
  readonly kV: string;
  readonly qeV: string;
  readonly kU: string;
  readonly qeU: string;
  readonly z: string;
  readonly key: string;
  readonly macU: string;
  readonly macV: string;
}

/** ZSE Annex C.5: suite 1. */
const C5: Example = {
  suite: SUITE_1,
  issuer: Eui64("5445535453454341"),
  ca: "0200FDE8A7F3D1084224962A4E7C54E69AC3F04DA6B8",
  certV: "03045FDFC8D85FFB8B3993CB72DDCAA55F00B3E87D6D0000000000000001544553545345434101090006000000000000",
  dV: "00B8A900FCADEBABBFA383B540FCE9ED438395EAA7",
  qV: "030290A1F5C08DAD5F2945E335620C7A98FAC46666A1",
  certU: "020615E07D30ECA2DAD58002E667D94BC1B4223983070000000000000002544553545345434101090006000000000000",
  dU: "01E9DDB5580CF72ECE7F215F0AE594E48DF3E7FEE8",
  qU: "03025BBA38D0C7B5436B68DF728F093E7A1D6C437E6D",
  kV: "03D48C7210DDBCC4FB2E5E7A0AA16A0DB89540820B",
  qeV: "0306AB52062201D995B8B8591F3F086A3A2E214D845E",
  kU: "0013D36DE4B1EA8E22739C381370823F404BFF8862",
  qeU: "0300E117C86D0E7CD128B2F34E9076CFF24AF46D7288",
  z: "00E0D2C3CCD5C106A89C4F6CC26A5F7EC9DF78A7BE",
  key: "86D58AAA998E2FAEFAF9FEF49606543A",
  macU: "B82F1F9774740C32F80FCFC3921B6420",
  macV: "79D5F2AD1C31D4D1EE7CB719AC683C3C",
};

/** ZSE Annex C.6: suite 2. */
const C6: Example = {
  suite: SUITE_2,
  issuer: Eui64("1112131415161718"),
  ca: "0207A445022D9F39F49BDC38380026A27A9E0A1799313AB28C5C1A1C6B605154DB1DFF6752",
  certV:
    "002622A505E8938F270D081112131415161718005292A35BFFFFFFFF0A0B0C0D0E0F10118803" +
    "03B4E9DC543A64333C982308022B54E67E2F15F532551B0A11E2E2C1C1D3097A4324E7ED",
  dV: "0151CD0DBCB80474BF7AC9FEEBE39C7A32A63518938FCA9754AAE132BC9C73BE94A7E1BE",
  qV: "0202F4FA2A3040433C6820299D182A1042E41404E337C57F47716B42DFAF970F1580A04C9B",
  certU:
    "0084A933B37F018DEC0D081112131415161718005292A38AFFFFFFFF0A0B0C0D0E0F10128803" +
    "076277E2F7E2252B16A0E92B6E8771BB3F207946CBD4A45D9A9DF6EDAB8C796A48E89DEC",
  dU: "00F2561ADB39EF49C1D62EF5186C6E0C158A5A45BFCE38660931ACC3694592D5ACDE9006",
  qU: "03030E56F7ADE866E76372764BA20A9FF1FE4CAE522F94839E70F2ADFC1CA3E97F4DDCAF2E",
  kV: "03D48C7210DDBCC4FB2E5E7A0AA16A0DB89540820B8DC091AB521EA824AFE117CADE995B",
  qeV: "03009A5131CF5B92A016378C0F7F284ECD47F94010F875D43BF1E9A65474ADBFC63696A930",
  kU: "0013D36DE4B1EA8E22739C381370823F404BFF8862B521FECA9871FB3691846D361304B4",
  qeU: "0305F3394E15680660EECAA36788D9B6F312B971CE2C9617570BF7DFCD21C972017762C332",
  z: "04F7724A9A77B21D2747CCEF68A457E45246C4BE9F66FD9425227BCB2CC5180EA9CCCB9A",
  key: "AA4689C70BE0FAF0C9BE534ABD9F4CDC",
  macU: "BF7E1A26D4EF7038B56813E465A131C9",
  macV: "C5B432A9995A092F4449F83613930064",
};

function upper(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase();
}

function point(suite: Suite, hex: string) {
  const found = suite.curve.decodePoint(fromHex(hex));
  return typeof found === "string" ? expect.fail(found) : found;
}

describe.each([
  ["C.5, suite 1", C5],
  ["C.6, suite 2", C6],
])("worked example of ZSE Annex %s", (_, example) => {
  const { suite } = example;
  const { curve } = suite;
  const scalar = (hex: string) => toScalar(fromHex(hex)) % curve.order;
  const sides = [
    { cert: example.certU, d: example.dU, q: example.qU, k: example.kU, qe: example.qeU },
    { cert: example.certV, d: example.dV, q: example.qV, k: example.kV, qe: example.qeV },
  ] as const;

  it("public keys: from the private key and from the certificate", () => {
    for (const { cert, d, q } of sides) {
      expect(upper(curve.encodePoint(keyPair(curve, scalar(d)).publicKey))).toBe(q);
      const subject = Eui64(suite === SUITE_1 ? cert.slice(44, 60) : cert.slice(56, 72));
      const issuers = [{ suite: suite.bit, issuer: example.issuer, publicKey: fromHex(example.ca) }];
      const checked = checkCertificate(suite, fromHex(cert), subject, issuers, undefined);
      if ("status" in checked) expect.fail(checked.reason);
      const key = reconstructPublicKey(suite, fromHex(cert), checked.reconstructionPoint, checked.issuerKey);
      expect(key && upper(curve.encodePoint(key))).toBe(q);
      checkCredential(
        { suite: suite.bit, certificate: fromHex(cert), privateKey: fromHex(d) },
        subject,
        issuers,
      );
    }
  });

  it("shared secret, both roles", () => {
    const [u, v] = sides;
    for (const [own, partner] of [
      [u, v],
      [v, u],
    ] as const) {
      const ephemeral = keyPair(curve, scalar(own.k));
      expect(upper(curve.encodePoint(ephemeral.publicKey))).toBe(own.qe);
      const secret = sharedSecret(
        suite,
        { privateKey: scalar(own.d), ephemeral },
        { publicKey: point(suite, partner.q), ephemeral: point(suite, partner.qe) },
      );
      expect(secret && upper(secret)).toBe(example.z);
    }
  });

  it("link key and both proofs; the secret is wiped", () => {
    const secret = fromHex(example.z);
    const eui64 = (cert: string) => Eui64(suite === SUITE_1 ? cert.slice(44, 60) : cert.slice(56, 72));
    const keys = deriveKeys(secret, {
      initiator: eui64(example.certU),
      responder: eui64(example.certV),
      initiatorEphemeral: fromHex(example.qeU),
      responderEphemeral: fromHex(example.qeV),
    });
    expect(upper(keys.linkKey)).toBe(example.key);
    expect(upper(keys.macU)).toBe(example.macU);
    expect(upper(keys.macV)).toBe(example.macV);
    expect(secret.every((octet) => octet === 0)).toBe(true);
  });
});

describe("engines of two devices", () => {
  it.each([SUITE_1.bit, SUITE_2.bit])(
    "agree on key and proofs with certificates of suite %i",
    async (bit) => {
      const random = new SeededRandom(7 + bit);
      const authority = new TestAuthority(bit, Eui64("7465737463610001"), random);
      const issuers = [authority.trusted()];
      for (let i = 0; i < 3; i++) {
        const devices = [Eui64("00db1234567890a0"), Eui64("00db1234567890a2")] as const;
        const [u, v] = devices.map((subject) => {
          const credential = authority.issue(subject);
          checkCredential(credential, subject, issuers);
          return new SoftwareCbkeEngine(subject, [credential], random);
        });
        if (u === undefined || v === undefined) expect.fail("two engines");
        const checked = (engine: SoftwareCbkeEngine) => {
          const judged = checkCertificate(
            suiteOf(bit),
            engine.certificate(bit),
            engine.eui64,
            issuers,
            1.7e9,
          );
          return "status" in judged ? expect.fail(judged.reason) : judged;
        };
        const [su, sv] = [await u.begin(bit), await v.begin(bit)];
        const macs = await Promise.all([
          su.calculateSmacs("initiator", { certificate: checked(v), ephemeral: sv.ephemeral }),
          sv.calculateSmacs("responder", { certificate: checked(u), ephemeral: su.ephemeral }),
        ]);
        expect(macs[0]).toEqual(macs[1]);
        const keyU = await su.finish(true);
        const keyV = await sv.finish(true);
        expect(keyU).toHaveLength(16);
        expect(keyU).toEqual(keyV);
        expect(await su.finish(true)).toBeUndefined();
      }
    },
  );

  it("refuse a partner's ephemeral point that is no point of the group", async () => {
    const random = new SeededRandom(3);
    const authority = new TestAuthority(SUITE_2.bit, Eui64("7465737463610001"), random);
    const subject = Eui64("00db1234567890a0");
    const engine = new SoftwareCbkeEngine(subject, [authority.issue(subject)], random);
    const certificate = checkCertificate(
      SUITE_2,
      engine.certificate(SUITE_2.bit),
      subject,
      [authority.trusted()],
      undefined,
    );
    if ("status" in certificate) expect.fail(certificate.reason);
    const session = await engine.begin(SUITE_2.bit);
    const { curve } = SUITE_2;
    const small = curve.encodePoint({ x: curve.field.one(), y: curve.field.zero() });
    for (const ephemeral of [small, new Uint8Array(37), new Uint8Array(22).fill(2), small.fill(0xff, 1)]) {
      expect(await session.calculateSmacs("responder", { certificate, ephemeral })).toMatchObject({
        status: 3,
      });
    }
    expect(await session.finish(false)).toBeUndefined();
  });

  it("compares proofs whole", () => {
    expect(sameMac(new Uint8Array(16), new Uint8Array(16))).toBe(true);
    expect(sameMac(new Uint8Array(16), new Uint8Array(15))).toBe(false);
    expect(sameMac(new Uint8Array(16), new Uint8Array(16).fill(1))).toBe(false);
  });
});

describeShared("published certificate sets", "cbke-certificates.txt", (path) => {
  const issuers: TrustedIssuer[] = [C5, C6].map(({ suite, issuer, ca }) => ({
    suite: suite.bit,
    issuer,
    publicKey: fromHex(ca),
  }));
  const sets = readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line.includes("|"))
    .map((line) => line.split("|"))
    .map(([name = "", device = "", certificate = "", d = "", q = ""]) => ({
      name,
      device,
      certificate,
      d,
      q,
    }));

  it("are 24", () => {
    expect(sets).toHaveLength(24);
  });

  it.each(sets)(
    "$name device $device: d·G and the certificate give the listed key",
    ({ certificate, d, q }) => {
      const octets = fromHex(certificate);
      const suite = octets.length === 48 ? SUITE_1 : SUITE_2;
      const subject = Eui64(suite === SUITE_1 ? certificate.slice(44, 60) : certificate.slice(56, 72));
      const keyUsage = suite === SUITE_1 ? 0x08 : (octets[36] ?? 0);
      const lenient = { requireKeyAgreement: false, subjectMismatch: 6 };
      const checked = checkCertificate(suite, octets, subject, issuers, 1_600_000_000, lenient);
      if ("status" in checked) expect.fail(checked.reason);
      const key = reconstructPublicKey(suite, octets, checked.reconstructionPoint, checked.issuerKey);
      expect(key && toHex(suite.curve.encodePoint(key))).toBe(q);
      expect(toHex(suite.curve.encodePoint(keyPair(suite.curve, toScalar(fromHex(d))).publicKey))).toBe(q);
      const strict = checkCertificate(suite, octets, subject, issuers, 1_600_000_000);
      expect("status" in strict ? strict.status : 0).toBe((keyUsage & 0x08) === 0 ? 6 : 0);
    },
  );

  it("refuse one another's private keys", () => {
    const [first, second] = sets.filter(({ certificate }) => certificate.length === 148);
    if (first === undefined || second === undefined) expect.fail("two sets");
    const subject = Eui64(first.certificate.slice(56, 72));
    expect(() =>
      checkCredential(
        { suite: SUITE_2.bit, certificate: fromHex(first.certificate), privateKey: fromHex(second.d) },
        subject,
        issuers,
      ),
    ).toThrow(expect.objectContaining({ code: "crypto/key", field: "privateKey" }));
  });
});
