import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { decodeAsn1, isAsn1 } from "../../src/gbcs/asn1/index.ts";
import { type DeviceKind, dlmsFields, type UseCase, useCases } from "../../src/gbcs/catalogue/index.ts";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import { gbzFields } from "../../src/gbcs/gbz/build.ts";
import { decodeMessage } from "../../src/gbcs/message.ts";
import { verifyMessage } from "../../src/gbcs/security/verify.ts";
import { type BuiltCommand, buildCommand, type Order } from "../../src/headend/command.ts";
import type { Counters } from "../../src/headend/counters.ts";
import { fieldInfo } from "../../src/headend/fields/index.ts";
import { isTextual } from "../../src/headend/fields/words.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { findUseCase, isCommand } from "../../src/headend/use-case.ts";
import { newRoot } from "../chf/pki.ts";
import { describeShared, sharedData } from "../shared-data.ts";
import { CHF, countFrom, ESME, GPF, GSME, PPMID, testParties } from "./parties.ts";

const parties = testParties();

const TARGET: Readonly<Record<string, Eui64>> = { CHF, GPF, ESME, GSME, PPMID };

function order(
  name: string,
  kind: DeviceKind,
  fields: Order["fields"] = {},
  more: Partial<Order> = {},
): Order {
  const target = TARGET[kind];
  if (target === undefined) throw new Error(`no ${kind}`);
  return { useCase: findUseCase(name, kind), target, targetKind: kind, fields, ...more };
}

function build(
  name: string,
  kind: DeviceKind,
  fields: Order["fields"] = {},
  more: Partial<Order> = {},
): BuiltCommand {
  return buildCommand(order(name, kind, fields, more), parties, countFrom(100n));
}

/** Code, and the name at fault, of what a build is refused with. */
function refusal(run: () => unknown): [string, string | undefined] {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return [error.code, error.field];
    throw error;
  }
  return ["nothing", undefined];
}

/** Text that a decoded Command shows as hex. */
function octetsOf(fields: Order["fields"], { code }: UseCase): Order["fields"] {
  if (!isTextual(code)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === "string" ? fromHex(value) : value]),
  );
}

/** How a device would judge the Command. */
function verdict({ message, useCase }: BuiltCommand): string {
  return verifyMessage(message, {
    keys: parties.keys,
    accessControlBroker: parties.accessControlBroker,
    signatureKeyOf: (party) => parties.signatureKeyOf(party),
    factsOf: (messageCode) => ({ messageCode, critical: useCase.critical }),
  }).outcome;
}

/** Fields that any value of their kind does for, so that every use case can be built. */
function sample(useCase: UseCase, kind: DeviceKind): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const { name, type, need, choices } of fieldInfo(useCase)) {
    if (need === "needed" || (need === "optional" && useCase.format === "DLMS")) {
      given[name] = sampleOf(name, type, choices, kind);
    }
  }
  return given;
}

function sampleOf(
  name: string,
  type: string,
  choices: readonly string[] | undefined,
  kind: DeviceKind,
): string {
  if (name === "ieee_address" || type === "EUI-64") return ESME;
  if (name === "deviceType") return kind === "GPF" ? "gsme" : "gpf";
  if (name === "party") return "second-supplier";
  if (name === "entries") return `${ESME}:esme,${GSME}:gsme`;
  if (name === "imageHash") return "ab".repeat(32);
  if (name === "certificate") return toHex(parties.keystore.certificate(ESME, "DS")?.der ?? new Uint8Array());
  if (choices?.[0] !== undefined) return choices[0].split(" ")[0] ?? "";
  if (/time|UTC/.test(type)) return "2026-01-01T00:00:00Z";
  if (type.includes("hex")) return "00";
  if (type.startsWith("true")) return "true";
  if (type.includes("list as JSON")) return "[]";
  return type.includes("bit-string") ? "1".repeat(32) : "1";
}

describe("Commands of every use case that a hub or a gas proxy executes", () => {
  const all = useCases()
    .filter(isCommand)
    .flatMap((useCase) =>
      (["CHF", "GPF"] as const)
        .filter((kind) => useCase.targets.includes(kind))
        .map((kind) => ({ useCase, kind })),
    );
  for (const { useCase, kind } of all) {
    it(`${useCase.code} to a ${kind} is one that the device takes`, () => {
      expect(verdict(build(useCase.code, kind, sample(useCase, kind), { useCase }))).toBe("verified");
    });
  }
});

describe("Commands to meters", () => {
  const cases: [string, DeviceKind, Order["fields"]][] = [
    ["ECS17b", "ESME", {}],
    ["CS01a", "ESME", { utrn: "73946144332040217315" }],
    ["ECS10", "ESME", { message: "Your supplier calls on Monday" }],
    ["ECS70", "ESME", { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }],
    ["ECS42", "ESME", {}],
    ["ECS43", "ESME", {}],
    ["ECS44", "ESME", {}],
    ["ECS35a", "ESME", { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }],
    ["CS03A1", "ESME", { device: PPMID, deviceType: "ppmid" }],
    ["CS03A2", "PPMID", { device: ESME, deviceType: "esme" }],
    ["CS04AC", "ESME", { device: PPMID }],
    ["CS02a", "ESME", { roles: "supplier,networkOperator,acb" }],
    ["CS02b-supplierBySupplier", "ESME", { party: "second-supplier" }],
    ["CS02b-accessControlBrokerByACB", "ESME", { party: "acb", cells: "KA" }],
    ["CS02b-accessControlBrokerByACB", "CHF", { party: "acb" }],
    ["CS02b-wanProviderByWanProvider", "CHF", { party: "wan-provider", executionTime: "cancel" }],
    ["CS02b-anyExceptAbnormalRootByRecovery", "CHF", { party: "acb" }],
    ["CS02c", "ESME", { keyUsage: "KA" }],
    ["GCS28", "GSME", { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }],
  ];
  for (const [name, kind, fields] of cases) {
    it(`${name} is one that the ${kind} takes`, () => {
      expect(verdict(build(name, kind, fields))).toBe("verified");
    });
  }

  it("carry a top-up under a counter whose low 32 bits are zero", () => {
    const kinds: string[] = [];
    const counters: Counters = {
      next: (_party, kind = "management") => {
        kinds.push(kind);
        return 7n << 32n;
      },
    };
    const built = buildCommand(order("CS01a", "ESME", { utrn: "1".repeat(20) }), parties, counters);
    expect([kinds, built.counter]).toEqual([["prepayment"], 7n << 32n]);
  });
});

describe("CS02b", () => {
  it("of the broker's own cells is signed for a CHF, which has a cell of its signing key", () => {
    const envelope = (kind: DeviceKind) =>
      decodeEnvelope(build("CS02b-accessControlBrokerByACB", kind, { party: "acb" }).message);
    const [hub, meter] = [envelope("CHF"), envelope("ESME")];
    if (hub.kind === "PRECOMMAND" || meter.kind === "PRECOMMAND") throw new Error("they are protected");
    expect([hub.signature !== null, hub.mac !== null]).toEqual([true, true]);
    expect([meter.signature !== null, meter.mac !== null]).toEqual([false, true]);
    const cell = (content: Uint8Array) => decodeAsn1(0x0104, "command", content).control.authorisingCell;
    expect([cell(hub.content), cell(meter.content)]).toEqual([
      { role: 4, keyUsage: 1, cellUsage: 0 },
      undefined,
    ]);
  });

  it("puts certificates that are given where their role and key usage say", () => {
    const { keystore } = parties;
    const root = newRoot().der;
    const ders = (["KA", "DS"] as const).map((use) => keystore.certificate(parties.party("acb"), use)?.der);
    const certificates = [...ders, root].map((der) => toHex(der ?? new Uint8Array())).join(",");
    const fields = { party: "acb", certificates };
    const { message } = build("CS02b-anyExceptAbnormalRootByRecovery", "CHF", fields);
    const { replacements } = decodeAsn1(0x0108, "command", decodeEnvelope(message).content);
    expect(replacements.map(({ targetCell: { role, keyUsage } }) => [role, keyUsage])).toEqual([
      [4, 1 << 4],
      [4, 1],
      [0, 1 << 5],
    ]);
  });

  it("names certificates that cannot be read", () => {
    const fields = { party: "acb", certificates: "3000" };
    expect(refusal(() => build("CS02b-accessControlBrokerByACB", "CHF", fields))).toEqual([
      "headend/value",
      "certificates",
    ]);
  });
});

describe("who sends (GBCS 7.2.7)", () => {
  it("is the broker on behalf of a supplier for what only the broker may send", () => {
    const { originator, onBehalfOf } = build("CCS02", "CHF", { unregister_device: ESME });
    expect([originator, onBehalfOf]).toEqual([parties.party("acb"), parties.party("supplier")]);
  });

  it("brings the party's certificate along where its answer will be encrypted", () => {
    const { message } = build("GCS61", "GPF", sample(findUseCase("GCS61", "GPF"), "GPF"), {
      viaBroker: true,
    });
    const { supplementary } = decodeMessage(message).envelope;
    expect(supplementary?.certificate).toEqual(
      parties.keystore.certificate(parties.party("gas-supplier"), "KA")?.der,
    );
  });

  it("is refused for a party that neither may itself nor by the broker, and done with force", () => {
    const asOperator = { as: "network-operator" } as const;
    expect(refusal(() => build("ECS42", "ESME", {}, asOperator))).toEqual([
      "headend/role",
      "network-operator",
    ]);
    const forced = build("ECS42", "ESME", {}, { ...asOperator, force: true });
    expect(forced.originator).toBe(parties.party("network-operator"));
    expect(refusal(() => build("ECS42", "ESME", {}, { as: "nobody" }))).toEqual(["headend/unknown", "as"]);
  });
});

describe("what is given wrong", () => {
  it("is told by its name, and uses no counter", () => {
    const never: Counters = {
      next: () => {
        throw new Error("a counter was used");
      },
    };
    const wrong = (name: string, kind: DeviceKind, fields: Order["fields"]) =>
      refusal(() => buildCommand(order(name, kind, fields), parties, never));
    expect(wrong("ECS17b", "ESME", { colour: "blue" })).toEqual(["headend/unknown", "colour"]);
    expect(wrong("GCS13a", "GPF", { colour: "blue" })).toEqual(["headend/unknown", "colour"]);
    expect(wrong("CS07", "GPF", { colour: "blue" })).toEqual(["headend/unknown", "colour"]);
    expect(wrong("CS01a", "ESME", { utrn: "12" })).toEqual(["headend/value", "utrn"]);
    expect(wrong("CS01a", "ESME", {})[0]).toBe("headend/value");
    expect(wrong("CS04AC", "ESME", { device: "nonsense" })).toEqual(["headend/value", "device"]);
    expect(wrong("CS04AC", "ESME", {})).toEqual(["headend/value", "device"]);
    expect(wrong("ECS70", "ESME", { from: "yesterday", to: "2026-01-02T00:00:00Z" })[0]).toBe(
      "headend/value",
    );
    const add = { ieee_address: ESME, key: "00".repeat(16), device_type: "ESME" };
    expect(wrong("CCS01", "CHF", { ...add, join_timeout: "70000" })[0]).toBe("headend/value");
    expect(wrong("CCS01", "CHF", { ...add, device_type: "toaster", join_timeout: "90" })[0]).toBe(
      "headend/value",
    );
  });

  it("is a key that is not held: of the device, or of the party", () => {
    const stranger = Eui64("00db1234567890ff");
    expect(refusal(() => build("ECS17b", "ESME", {}, { target: stranger }))[0]).toBe("crypto/key");
    expect(refusal(() => build("ECS17b", "ESME", {}, { as: "00db1234567890ff" }))[0]).toBe("crypto/key");
  });

  it("is a use case that is none, or none for the target", () => {
    expect(refusal(() => findUseCase("XYZ9", undefined))).toEqual(["headend/unknown", "XYZ9"]);
    expect(refusal(() => findUseCase("ECS17b", "GPF"))).toEqual(["headend/unknown", "ECS17b"]);
    expect(findUseCase("4.1.1", "GPF").code).toBe("GCS13a");
    expect(findUseCase("4.1.1", "ESME").code).toBe("ECS17b");
    expect(findUseCase("0x0027", undefined).code).toBe("ECS17b");
  });
});

describeShared("published Commands", "rtds.jsonl", (path) => {
  const store = PartyStore.open(sharedData("rtds-keystore.json") ?? "");
  const KIND: Readonly<Record<string, DeviceKind>> = {
    a0: "ESME",
    a1: "GSME",
    a2: "CHF",
    a3: "GPF",
    a4: "PPMID",
    a5: "HCALCS",
    a6: "SAPC",
  };

  it("are built again from their fields, octet for octet up to the signature", () => {
    const failed: string[] = [];
    let built = 0;
    for (const line of readFileSync(path, "utf8").trim().split("\n")) {
      const { name, kind, hex }: { name: string; kind: string; hex: string } = JSON.parse(line);
      if (kind !== "COMMAND") continue;
      const octets = fromHex(hex);
      const { envelope, payload } = decodeMessage(octets);
      const { messageCode, originator, target, supplementary, counter } = envelope;
      const targetKind = KIND[target.slice(-2)];
      const useCase = useCases().find((one) => one.messageCode === messageCode && isCommand(one));
      if (useCase === undefined || isAsn1(messageCode, "command")) continue;
      const fields =
        payload.format === "DLMS" && payload.apdu.type === "access-request"
          ? dlmsFields(useCase, payload.apdu)
          : payload.format === "GBZ"
            ? gbzFields(useCase, payload.gbz)
            : undefined;
      if (fields === undefined) continue;
      const party = supplementary?.remoteParty ?? originator;
      const counters: Counters = {
        next: (one) => (one === originator ? counter : (supplementary?.remotePartyCounter ?? 0n)),
      };
      const wish = { as: party, viaBroker: supplementary !== null, force: supplementary === null };
      try {
        const { message } = buildCommand(
          { useCase, target, targetKind, fields: octetsOf(fields, useCase), ...wish },
          store,
          counters,
        );
        built++;
        const signed = "signature" in envelope && envelope.signature !== null;
        const end = signed ? octets.length - 76 : octets.length;
        // GCS15d is the one published Command whose encrypted answer is asked for without the certificate.
        const same = toHex(message.subarray(0, end)) === toHex(octets.subarray(0, end));
        if (!same && supplementary?.certificate === undefined && useCase.code === "GCS15d") continue;
        if (!same) failed.push(name);
      } catch (error) {
        failed.push(`${name}: ${String(error)}`);
      }
    }
    expect(failed).toEqual([]);
    expect(built).toBeGreaterThan(300);
  });
});
