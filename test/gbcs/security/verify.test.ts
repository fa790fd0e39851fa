import { describe, expect, it } from "vitest";
import { decodeEnvelope } from "../../../src/gbcs/envelope/decode.ts";
import { encodeEnvelope } from "../../../src/gbcs/envelope/encode.ts";
import type { SecuredMessage } from "../../../src/gbcs/envelope/envelope.ts";
import type { Pair } from "../../../src/gbcs/security/key-agreement.ts";
import { protect } from "../../../src/gbcs/security/protect.ts";
import { requiredProtection } from "../../../src/gbcs/security/protection.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../../src/gbcs/security/signature.ts";
import { type Verification, type VerifyContext, verifyMessage } from "../../../src/gbcs/security/verify.ts";
import { golden, goldenKeystore, goldenMessages } from "../golden/load.ts";
import { PARTY } from "../golden/parties.ts";

const keystore = goldenKeystore();
const keys = keystoreAgreement(keystore);
const CRITICAL = new Set([0x004f, 0x1000, 0x0123]);

const context: VerifyContext = {
  keys,
  signatureKeyOf: (party) => keystore.publicKey(party, "DS"),
  accessControlBroker: PARTY.accessControlBroker,
  factsOf: (messageCode) => ({ messageCode, critical: CRITICAL.has(messageCode) }),
};

function outcome(message: Uint8Array, more: Partial<VerifyContext> = {}): Verification["outcome"] {
  return verifyMessage(message, { ...context, ...more }).outcome;
}

function secured(name: string): SecuredMessage {
  const envelope = decodeEnvelope(golden(name));
  if (envelope.kind === "PRECOMMAND") throw new Error("a pre-command");
  return envelope;
}

function flipped(message: Uint8Array, at: number): Uint8Array {
  const copy = message.slice();
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
}

const SIGNED = "ECS42 close load switch";
const MAC_ONLY = "CCS02 remove device";

describe("verification of a message (GBCS 6.2)", () => {
  it("verifies every golden message that is complete", () => {
    for (const { name, kind, message } of goldenMessages())
      if (kind !== "PRECOMMAND") expect(outcome(message), name).toBe("verified");
  });

  it("never takes a pre-command for a Command", () => {
    for (const form of ["bare", "duis"])
      expect(outcome(golden(`${SIGNED} (${form})`))).toBe("missing-signature");
  });

  it("tells a wrong MAC from a wrong signature, MAC first", () => {
    expect(outcome(flipped(golden(MAC_ONLY), -1))).toBe("wrong-mac");
    const response = golden("ECS42 closed");
    expect(outcome(flipped(response, -1))).toBe("wrong-signature");
    expect(outcome(flipped(golden(SIGNED), -20))).toBe("wrong-mac");
    const forged = { ...secured(SIGNED), signature: new Uint8Array(64).fill(1) };
    const mac = { keys, accessControlBroker: PARTY.accessControlBroker };
    expect(outcome(protect(forged, { signature: forged.signature, mac }))).toBe("wrong-signature");
  });

  it("covers every octet from the Grouping Header to the signature with the MAC", () => {
    const message = golden(MAC_ONLY);
    for (let at = 16; at < message.length; at++) {
      const result = outcome(flipped(message, at));
      expect(["wrong-mac", "malformed", "no-mac-key", "missing-signature", "missing-mac"]).toContain(result);
    }
  });

  it("asks for the signature that the message code needs, whatever is there", () => {
    const unsigned = { ...secured(SIGNED), signature: null };
    const mac = { keys, accessControlBroker: PARTY.accessControlBroker };
    expect(outcome(protect(unsigned, { signature: null, mac }))).toBe("missing-signature");
    expect(outcome(encodeEnvelope({ ...secured("ECS42 closed"), signature: null }))).toBe(
      "missing-signature",
    );
  });

  it("asks for the MAC that the message code needs, whatever is there", () => {
    expect(outcome(encodeEnvelope({ ...secured(SIGNED), mac: null }))).toBe("missing-mac");
    expect(outcome(encodeEnvelope({ ...secured("CCS02 removed"), mac: null }))).toBe("missing-mac");
  });

  it("tells apart another target, an unknown code, a party without authority and a replay", () => {
    const message = golden(MAC_ONLY);
    expect(outcome(message, { self: PARTY.gasProxy })).toBe("wrong-target");
    expect(outcome(message, { self: PARTY.hub })).toBe("verified");
    expect(outcome(message, { factsOf: () => undefined })).toBe("unknown-message-code");
    expect(outcome(message, { mayOriginate: () => false })).toBe("wrong-party");
    expect(outcome(message, { lastCounter: () => 0x516n })).toBe("replayed");
    expect(outcome(message, { lastCounter: () => 0x517n })).toBe("replayed");
    expect(outcome(message, { lastCounter: () => 0x515n })).toBe("verified");
    expect(outcome(message, { lastCounter: () => undefined })).toBe("verified");
  });

  it("compares all 64 bits of the counter", () => {
    expect(outcome(golden(SIGNED), { lastCounter: () => 2n })).toBe("verified");
    expect(outcome(golden(SIGNED), { lastCounter: () => 0x1_0000_0000_0001n })).toBe("replayed");
  });

  it("says when it cannot tell for lack of a key", () => {
    const noKeys = { keys: { deriveKey: () => undefined } };
    expect(outcome(golden(MAC_ONLY), noKeys)).toBe("no-mac-key");
    expect(outcome(golden("ECS42 closed"), { signatureKeyOf: () => undefined })).toBe("no-signature-key");
  });

  it("takes octets that are no message as malformed", () => {
    for (const octets of [new Uint8Array(0), Buffer.from("hello"), golden(MAC_ONLY).subarray(1)])
      expect(outcome(octets)).toBe("malformed");
  });

  it("agrees the MAC key of a Command with the broker, that of a Response with its target", () => {
    const pairs: string[][] = [];
    const recording = {
      deriveKey: (pair: Pair) => {
        pairs.push([pair.a, pair.b]);
        return undefined;
      },
    };
    outcome(golden(SIGNED), { keys: recording });
    outcome(golden("ECS19 prepayment registers"), { keys: recording });
    expect(pairs).toEqual([
      [PARTY.accessControlBroker, PARTY.esme],
      [PARTY.esme, PARTY.supplier],
    ]);
  });
});

describe("protection by message category (GBCS 5.2)", () => {
  const facts = (messageCode: number, critical: boolean | null) => ({
    messageCode,
    critical,
  });
  it.each([
    ["critical Command", "COMMAND", 0x004f, true, "signature-and-mac"],
    ["Response to a critical Command", "RESPONSE", 0x004f, true, "signature"],
    ["non-critical Command", "COMMAND", 0x0002, false, "mac"],
    ["Response to a non-critical Command", "RESPONSE", 0x0002, false, "mac"],
    ["critical Alert", "ALERT", 0x1000, true, "signature"],
    ["non-critical Alert", "ALERT", 0x1001, false, "mac"],
    ["CS02a in either form", "COMMAND", 0x0008, null, "signature-or-mac"],
    ["CS02b by recovery", "COMMAND", 0x0108, true, "signature"],
    ["CS02b by contingency", "COMMAND", 0x0109, null, "signature"],
    ["CS02b of the broker by itself", "COMMAND", 0x0104, false, "mac"],
    ["its Response", "RESPONSE", 0x0104, false, "signature"],
    ["any other CS02b", "COMMAND", 0x0100, null, "signature-and-mac"],
  ] as const)("%s", (_name, kind, code, critical, protection) => {
    expect(requiredProtection(kind, facts(code, critical))).toBe(protection);
  });
});

describe("protection of what is built", () => {
  it("makes the Command of its pre-command and the published signature, octet for octet", () => {
    const command = secured(SIGNED);
    const mac = { keys, accessControlBroker: PARTY.accessControlBroker };
    for (const form of ["bare", "duis"]) {
      const preCommand = decodeEnvelope(golden(`${SIGNED} (${form})`));
      expect(protect(preCommand, { signature: command.signature, mac })).toEqual(golden(SIGNED));
    }
  });

  it("signs and MACs what it then verifies", () => {
    const privateKey = keystore.privateKey(PARTY.supplier, "DS");
    if (privateKey === undefined) throw new Error("no key");
    const mac = { keys, accessControlBroker: PARTY.accessControlBroker };
    const preCommand = decodeEnvelope(golden(`${SIGNED} (bare)`));
    expect(outcome(protect(preCommand, { signature: new SoftwareSigner(privateKey), mac }))).toBe("verified");
  });

  it("throws without the key of the pair, and the error holds no key", () => {
    const mac = {
      keys: { deriveKey: () => undefined },
      accessControlBroker: PARTY.accessControlBroker,
    };
    expect(() => protect(secured(MAC_ONLY), { signature: null, mac })).toThrow(
      expect.objectContaining({ code: "crypto/key", field: "mac" }),
    );
  });
});
