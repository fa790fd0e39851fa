import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { buildPreCommand, type CommandDraft, commandProtection } from "../../src/gbcs/build.ts";
import { dlmsFields, type Fields, useCase, useCaseByMessageCode } from "../../src/gbcs/catalogue/index.ts";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import type { Envelope, SecuredMessage } from "../../src/gbcs/envelope/envelope.ts";
import { readKeystore } from "../../src/gbcs/keystore.ts";
import { decodeMessage, type Message } from "../../src/gbcs/message.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../src/gbcs/security/signature.ts";
import { verifyMessage } from "../../src/gbcs/security/verify.ts";
import { describeShared, sharedData } from "../shared-data.ts";
import { golden, goldenKeystore } from "./golden/load.ts";
import { PARTY } from "./golden/parties.ts";

const keystore = goldenKeystore();
const mac = { keys: keystoreAgreement(keystore), accessControlBroker: PARTY.accessControlBroker };

function draft(name: string, fields: Fields, more: Partial<CommandDraft> = {}): CommandDraft {
  const found = useCase(name);
  if (found === undefined) throw new Error(`no use case ${name}`);
  return {
    useCase: found,
    fields,
    originator: PARTY.supplier,
    target: PARTY.gasProxy,
    counter: 0x700n,
    supplementary: null,
    ...more,
  };
}

function refusal(run: () => unknown): { code: string; field: string | undefined } {
  try {
    run();
  } catch (error) {
    if (error instanceof HanwayError) return { code: error.code, field: error.field };
    throw error;
  }
  return { code: "nothing", field: undefined };
}

describe("Commands from use cases", () => {
  it("makes the golden Commands of their use case and fields alone", () => {
    const remove = draft(
      "CCS02",
      { unregister_device: PARTY.esme },
      {
        originator: PARTY.accessControlBroker,
        target: PARTY.hub,
        counter: 0x516n,
        supplementary: { remoteParty: PARTY.supplier, remotePartyCounter: 0x3ean },
      },
    );
    const unsigned = { signature: undefined, mac };
    expect(protectAs(buildPreCommand(remove), "mac", unsigned)).toEqual(golden("CCS02 remove device"));
    const read = buildPreCommand(draft("GCS13a", {}));
    expect(protectAs(read, "mac", unsigned)).toEqual(golden("GCS13a read consumption"));
  });

  it("signs and MACs a critical one so that it verifies", () => {
    const privateKey = keystore.privateKey(PARTY.supplier, "DS");
    if (privateKey === undefined) throw new Error("no key");
    const preCommand = buildPreCommand(draft("ECS42", {}, { target: PARTY.esme }));
    const protection = commandProtection(preCommand.messageCode, {});
    const message = protectAs(preCommand, protection, {
      signature: new SoftwareSigner(privateKey),
      mac,
    });
    const verification = verifyMessage(message, {
      ...mac,
      signatureKeyOf: (party) => keystore.publicKey(party, "DS"),
      factsOf: (messageCode) => ({ messageCode, critical: true }),
    });
    expect(verification.outcome).toBe("verified");
  });

  it("fills the repeated reads of a gas log with their offsets, and takes times as ISO 8601", () => {
    const period = { earliestStartTime: "2025-01-01T00:00:00Z", latestEndTime: "2025-02-01T00:00:00Z" };
    const { content } = buildPreCommand(draft("GCS15c", { GetSnapshot: period, GetPrepaySnapshot: period }));
    expect(content[2]).toBe(24);
    // The twelfth read: sequence 11, command 6, earliest start, latest end, offset 11, cause 2.
    expect(toHex(content)).toContain("0007020010010b060042072f8020302f0b02000000");
  });

  it("names the field that is missing, unknown or does not fit", () => {
    expect(refusal(() => buildPreCommand(draft("GCS13a", { Nothing: {} })))).toEqual({
      code: "encode/value",
      field: "Nothing",
    });
    expect(refusal(() => buildPreCommand(draft("GCS15c", { GetSnapshot: { offset: 1 } })))).toMatchObject({
      code: "encode/value",
      field: "GetSnapshot.offset",
    });
    expect(refusal(() => buildPreCommand(draft("GCS15c", { GetSnapshot: "now" })))).toMatchObject({
      field: "GetSnapshot",
    });
    expect(refusal(() => buildPreCommand(draft("CCS02", {})))).toMatchObject({ code: "encode/value" });
    expect(refusal(() => buildPreCommand(draft("CS02a", { authorisingCell: 5 })))).toMatchObject({
      code: "encode/value",
    });
  });

  it("refuses to make a critical Command without signature", () => {
    const preCommand = buildPreCommand(draft("ECS42", {}, { target: PARTY.esme }));
    const protectors = { signature: undefined, mac };
    expect(refusal(() => protectAs(preCommand, "signature-and-mac", protectors))).toEqual({
      code: "crypto/key",
      field: "signature",
    });
  });
});

/** The fields by which a decoded Command is built again. */
function fieldsOf({ envelope, payload }: Message): Fields {
  const found = useCaseByMessageCode(envelope.messageCode);
  if (found === undefined) throw new Error("unknown message code");
  if (payload.format === "DLMS" && payload.apdu.type === "access-request")
    return dlmsFields(found, payload.apdu) ?? {};
  if (payload.format === "GBZ" && payload.gbz.kind === "command") {
    const fields: Record<string, object[]> = {};
    for (const component of payload.gbz.components) {
      const { name = "", fromDateTime } = component;
      if (name === "ReadAttributes" || !("fields" in component)) continue;
      fields[name] ??= [];
      fields[name].push({ ...component.fields, ...(fromDateTime === undefined ? {} : { fromDateTime }) });
    }
    return fields;
  }
  const value = payload.format === "ASN.1" ? payload.value : undefined;
  const plain = typeof value !== "object" || value === null || value instanceof Uint8Array;
  return plain ? { value } : Object.fromEntries(Object.entries(value));
}

describeShared("published Commands", "rtds.jsonl", (path) => {
  const keystorePath = sharedData("rtds-keystore.json");
  if (keystorePath === undefined) throw new Error("no keystore beside the messages");
  const published = readKeystore(readFileSync(keystorePath, "utf8"));
  const broker = published.accessControlBroker;
  if (broker === undefined) throw new Error("no broker in the keystore");
  const parties = { keys: keystoreAgreement(published), accessControlBroker: broker };
  const records: { name: string; kind: string; hex: string }[] = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const commands = records.filter(({ kind }) => kind === "COMMAND");
  /** Between two devices whose private keys nobody has. */
  const hanOnly = (envelope: Envelope) => [0x0090, 0x009b].includes(envelope.messageCode);

  function secured(hex: string): SecuredMessage {
    const envelope = decodeEnvelope(fromHex(hex));
    if (envelope.kind === "PRECOMMAND") throw new Error("a pre-command");
    return envelope;
  }

  it("become of their pre-command and the published signature, octet for octet with the MAC", () => {
    const preCommands = records.filter(({ kind }) => kind === "PRECOMMAND");
    for (const { name, hex } of preCommands) {
      const preCommand = decodeEnvelope(fromHex(hex));
      if (preCommand.kind !== "PRECOMMAND") throw new Error(name);
      const whole = commands.filter((command) => command.hex.includes(hex));
      expect(whole.length, name).toBeGreaterThan(0);
      for (const command of whole) {
        const { signature } = secured(command.hex);
        const protection = commandProtection(preCommand.messageCode, {});
        const built = protectAs(preCommand, protection, {
          signature: signature ?? undefined,
          mac: parties,
        });
        expect(toHex(built), name).toBe(command.hex.toLowerCase());
      }
    }
  });

  it("are all built again of use case and fields, with the protection that their code needs", () => {
    for (const { name, hex } of commands) {
      const message = decodeMessage(fromHex(hex));
      const { envelope } = message;
      const fields = fieldsOf(message);
      const found = useCaseByMessageCode(envelope.messageCode);
      if (found === undefined) throw new Error(name);
      const { originator, target, counter, supplementary } = envelope;
      const preCommand = buildPreCommand({
        useCase: found,
        fields,
        originator,
        target,
        counter,
        supplementary,
      });
      const original = secured(hex);
      expect(toHex(preCommand.content), name).toBe(toHex(original.content));
      if (hanOnly(original)) continue;
      const protection = commandProtection(envelope.messageCode, fields);
      const built = protectAs(preCommand, protection, {
        signature: original.signature ?? undefined,
        mac: parties,
      });
      expect(toHex(built), name).toBe(hex.toLowerCase());
    }
  });
});
