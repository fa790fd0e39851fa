import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { Eui64, eui64ToBytes } from "../../../src/base/eui64.ts";
import { gmac, open, sameMac, seal } from "../../../src/gbcs/security/gcm.ts";
import { concatKdf, KDF_MODE, otherInfo } from "../../../src/gbcs/security/kdf.ts";
import { SoftwareKeyAgreement } from "../../../src/gbcs/security/key-agreement.ts";
import { checkSignature, SoftwareSigner } from "../../../src/gbcs/security/signature.ts";

const HUB = fromHex("00db1234567890a2");
const BROKER = fromHex("90b3d51f30000002");
const COUNTER = fromHex("0000000000000516");
// Published worked numbers of the CCS02 pair between the test broker and the test hub.
const Z = fromHex("9689fab9f5e2642a4543b3bb8bd2f55c7ab31e45dfa566b18beead0bd46394ed");
const COMMAND_BODY = fromHex(
  "df090100000000000005160890b3d51f300000020800db1234567890a20012000290b3d51f3001000000000000000003ea" +
    "1cd920000516000103006800001e0300ff0201090800db1234567890a000",
);

describe("key derivation (GBCS 4.3.3)", () => {
  it("puts algorithm, parties, mode and counter into OtherInfo", () => {
    expect(toHex(otherInfo(KDF_MODE.command, BROKER, COUNTER, HUB))).toBe(
      "6085740608030090b3d51f300000020901000000000000051600db1234567890a2",
    );
  });

  it("derives the worked keys of a Command and its Response", () => {
    const command = otherInfo(KDF_MODE.command, BROKER, COUNTER, HUB);
    const response = otherInfo(KDF_MODE.response, HUB, COUNTER, BROKER);
    expect(toHex(concatKdf(Z, command))).toBe("ef19f400cff3abb3692af5d54069eb47");
    expect(toHex(concatKdf(Z, response))).toBe("96b70f015f3004b7d206218536037621");
  });

  it("gives each of the four modes a key of its own", () => {
    const keys = Object.values(KDF_MODE).map((mode) =>
      toHex(concatKdf(Z, otherInfo(mode, HUB, COUNTER, BROKER))),
    );
    expect(new Set(keys).size).toBe(4);
  });
});

describe("MAC (GBCS 5.3.7)", () => {
  it("computes the worked MAC", () => {
    const key = fromHex("ef19f400cff3abb3692af5d54069eb47");
    expect(toHex(gmac(key, BROKER, COMMAND_BODY))).toBe("49287cecec3f657f241b16f9");
  });

  it("tells MACs of different length apart without an exception", () => {
    expect(sameMac(new Uint8Array(12), new Uint8Array(11))).toBe(false);
  });
});

describe("payload encryption (GBCS 8.2.4)", () => {
  const key = new Uint8Array(16).fill(7);
  it("opens what it seals, an empty payload included", () => {
    for (const plaintext of [new Uint8Array(0), new Uint8Array(1000).fill(3)])
      expect(open(key, HUB, seal(key, HUB, plaintext))).toEqual(plaintext);
  });

  it("opens nothing when one bit, the key or the sender is another", () => {
    const sealed = seal(key, HUB, Uint8Array.of(1, 2, 3));
    for (let i = 0; i < sealed.length; i++) {
      const wrong = sealed.slice();
      wrong[i] = (wrong[i] ?? 0) ^ 1;
      expect(open(key, HUB, wrong)).toBeUndefined();
    }
    expect(open(new Uint8Array(16), HUB, sealed)).toBeUndefined();
    expect(open(key, BROKER, sealed)).toBeUndefined();
  });

  it("refuses octets that have no room for a tag", () => {
    expect(() => open(key, HUB, new Uint8Array(11))).toThrow(
      expect.objectContaining({ code: "decode/truncated" }),
    );
  });
});

describe("key agreement", () => {
  const a = Eui64("02fa17e000000001");
  const b = Eui64("02fa17e000000002");
  const pairA = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const pairB = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const info = otherInfo(KDF_MODE.response, eui64ToBytes(a), COUNTER, eui64ToBytes(b));
  const only =
    <T>(party: Eui64, key: T) =>
    (asked: Eui64) =>
      asked === party ? key : undefined;

  it("gives both sides of a pair the same key, whichever is named first", () => {
    const sideA = new SoftwareKeyAgreement(only(a, pairA.privateKey), only(b, pairB.publicKey));
    const sideB = new SoftwareKeyAgreement(only(b, pairB.privateKey), only(a, pairA.publicKey));
    const key = sideA.deriveKey({ a, b }, info);
    expect(key).toHaveLength(16);
    expect(sideB.deriveKey({ a: b, b: a }, info)).toEqual(key);
  });

  it("has no key for a pair of which it holds no private or no public key", () => {
    const none = new SoftwareKeyAgreement(
      () => undefined,
      () => pairB.publicKey,
    );
    expect(none.deriveKey({ a, b }, info)).toBeUndefined();
    const alone = new SoftwareKeyAgreement(only(a, pairA.privateKey), () => undefined);
    expect(alone.deriveKey({ a, b }, info)).toBeUndefined();
    const supplied = { of: b, publicKey: pairB.publicKey };
    expect(alone.deriveKey({ a, b, suppliedKey: supplied }, info)).toHaveLength(16);
  });

  it("agrees once per pair until a party's credentials are replaced, and bounds what it remembers", () => {
    let asked = 0;
    const agreement = new SoftwareKeyAgreement(
      (party) => {
        asked++;
        return party === a ? pairA.privateKey : undefined;
      },
      () => pairB.publicKey,
      2,
    );
    for (let i = 0; i < 5; i++) agreement.deriveKey({ a, b }, info);
    expect(asked).toBe(1);
    agreement.forget(b);
    agreement.deriveKey({ a, b }, info);
    expect(asked).toBe(2);
    for (const n of [3, 4]) agreement.deriveKey({ a, b: Eui64(`02fa17e00000000${n}`) }, info);
    agreement.deriveKey({ a, b }, info);
    expect(asked).toBe(5);
  });
});

describe("signature (GBCS 5.3.6)", () => {
  it("is 64 octets and fits only its octets and its key", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const other = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const signature = new SoftwareSigner(pair.privateKey).sign(COMMAND_BODY);
    expect(signature).toHaveLength(64);
    expect(checkSignature(pair.publicKey, COMMAND_BODY, signature)).toBe(true);
    expect(checkSignature(other.publicKey, COMMAND_BODY, signature)).toBe(false);
    expect(checkSignature(pair.publicKey, COMMAND_BODY.subarray(1), signature)).toBe(false);
    expect(checkSignature(pair.publicKey, COMMAND_BODY, new Uint8Array(64))).toBe(false);
    expect(checkSignature(pair.publicKey, COMMAND_BODY, signature.subarray(1))).toBe(false);
  });
});
