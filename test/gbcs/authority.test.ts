import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/base/bytes.ts";
import { roleMayOriginate } from "../../src/gbcs/authority.ts";
import { protectionFacts, useCase, useCaseByMessageCode } from "../../src/gbcs/catalogue/index.ts";
import { readKeystore } from "../../src/gbcs/keystore.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { verifyMessage } from "../../src/gbcs/security/verify.ts";
import { describeShared, sharedData } from "../shared-data.ts";

const SUPPLIER = 2;
const NETWORK_OPERATOR = 3;
const BROKER = 4;

describe("authority of a role for a use case (GBCS 20)", () => {
  it.each([
    ["ECS42", SUPPLIER, true],
    ["ECS42", NETWORK_OPERATOR, false],
    ["ECS42", BROKER, true],
    ["ECS37", NETWORK_OPERATOR, true],
    ["ECS37", SUPPLIER, false],
    ["CS02a", NETWORK_OPERATOR, true],
  ])("%s by role %d: %s", (name, role, expected) => {
    const found = useCase(name);
    if (found === undefined) throw new Error(name);
    expect(roleMayOriginate(found, role)).toBe(expected);
  });
});

describeShared(
  "verification of the published messages with everything that a device checks",
  "rtds.jsonl",
  (path) => {
    it("takes every complete one for which the keys are published", () => {
      const keystore = readKeystore(readFileSync(sharedData("rtds-keystore.json") ?? "", "utf8"));
      const { accessControlBroker } = keystore;
      if (accessControlBroker === undefined) throw new Error("no broker in the keystore");
      const context = {
        keys: keystoreAgreement(keystore),
        signatureKeyOf: (party: Parameters<typeof keystore.role>[0]) => keystore.publicKey(party, "DS"),
        accessControlBroker,
        factsOf: protectionFacts,
        mayOriginate: (envelope: {
          originator: Parameters<typeof keystore.role>[0];
          messageCode: number;
        }) => {
          const found = useCaseByMessageCode(envelope.messageCode);
          const role = keystore.role(envelope.originator);
          return found === undefined || role === undefined || roleMayOriginate(found, role);
        },
      };
      const others: string[] = [];
      for (const line of readFileSync(path, "utf8").trim().split("\n")) {
        const { name, kind, hex }: { name: string; kind: string; hex: string } = JSON.parse(line);
        const { outcome } = verifyMessage(fromHex(hex), context);
        if (kind !== "PRECOMMAND" && outcome !== "verified") others.push(`${name}: ${outcome}`);
        if (kind === "PRECOMMAND" && !outcome.startsWith("missing-")) others.push(`${name}: ${outcome}`);
      }
      expect(others.map((text) => text.replace(/_.*:/, ":")).sort()).toEqual([
        "PCS01: no-mac-key",
        "PCS01: no-mac-key",
        "PCS02: no-mac-key",
        "PCS02: no-mac-key",
      ]);
    });
  },
);
