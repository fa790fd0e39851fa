import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { Eui64, eui64ToBytes } from "../../../src/base/eui64.ts";
import { encodeAsn1, STATUS_CODE } from "../../../src/gbcs/asn1/index.ts";
import { readCertificate } from "../../../src/gbcs/certificate/certificate.ts";
import { type Data, encodeDlms } from "../../../src/gbcs/dlms/index.ts";
import { decodeEnvelope } from "../../../src/gbcs/envelope/decode.ts";
import { encodeEnvelope } from "../../../src/gbcs/envelope/encode.ts";
import type { SecuredMessage } from "../../../src/gbcs/envelope/envelope.ts";
import { readKeystore } from "../../../src/gbcs/keystore.ts";
import { protectAs } from "../../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../../src/gbcs/security/signature.ts";
import { runConformance } from "../../../src/lab/conformance/run.ts";
import { readVectors, type VectorRecord } from "../../../src/lab/vectors.ts";
import { TestPki } from "../../chf/pki.ts";
import { describeShared, sharedData } from "../../shared-data.ts";

const HUB = Eui64("00db1234567890a2");
const BROKER = Eui64("90b3d51f30000002");
const SUPPLIER = Eui64("90b3d51f30010000");
const WAN_PROVIDER = Eui64("90b3d51f30000007");
const MIDNIGHT = fromHex("07df0101ff000000008000ff");

describeShared("conformance --level execute", "rtds.jsonl", (path) => {
  const keystorePath = sharedData("rtds-keystore.json");
  if (keystorePath === undefined) throw new Error("the keystore belongs to the vectors");
  const keystore = readKeystore(readFileSync(keystorePath, "utf8"));
  const mac = { keys: keystoreAgreement(keystore), accessControlBroker: BROKER };
  const published = readVectors(path);

  function run(records: readonly VectorRecord[], useCase?: string) {
    return runConformance({
      records,
      keystore,
      level: "execute",
      useCase,
      loss: 0,
      seed: 1,
      version: "test",
      tell: () => {},
      signal: new AbortController().signal,
    });
  }

  /** A message of the hub or to it, protected with the published keys. */
  function made(
    kind: "COMMAND" | "RESPONSE" | "ALERT",
    messageCode: number,
    content: Uint8Array,
    counter = 0x514n,
  ): VectorRecord {
    const down = kind === "COMMAND";
    const message: SecuredMessage = {
      kind,
      counter,
      originator: down ? BROKER : HUB,
      target: down ? HUB : BROKER,
      dateTime: null,
      messageCode,
      supplementary: kind === "ALERT" ? null : { remoteParty: SUPPLIER, remotePartyCounter: 1_000n },
      content,
      signature: null,
      mac: null,
    };
    const bytes = protectAs(message, "mac", { signature: undefined, mac });
    return { name: `made_${kind}`, useCase: "made", kind, bytes };
  }

  it.each(["CCS01", "CCS02", "CCS03", "CCS06", "CCS07", "ECS35c", "ECS26i"])(
    "%s: recorded, changed and with a wrong MAC",
    async (useCase) => {
      const report = await run(published, useCase);
      expect(report.failures).toEqual([]);
      expect(report).toMatchObject({ total: 2, passed: 2, notYet: 0 });
    },
  );

  it("names pairs and Alerts that nothing executes yet", async () => {
    const report = await run(published, "CS02bNOByNOHandover");
    expect(report).toMatchObject({ passed: 0, failed: 0, notYet: 1 });
    expect(report.notYetNames).toEqual(["CS02bNOByNOHandover_6.21_SUCCESS_COMMAND"]);
  });

  it("CS02a: trust anchors by their key identifiers, and the counter of the role", async () => {
    const report = await run([
      made("COMMAND", 0x0008, fromHex("300e3007020104030203083003020104")),
      made(
        "RESPONSE",
        0x0008,
        fromHex(
          "3041303f0201040a01000201003034301803020780040890b3d51f30000002040842693535d3dde101" +
            "301803020308040890b3d51f3000000204084a9ce02c39ab910b",
        ),
      ),
    ]);
    expect(report.failures).toEqual([]);
    expect(report.passed).toBe(1);
  });

  /** A published pair of CS02b to a meter as if it had been the hub's; its cells, certificates and answer stay. */
  function readdressed(name: string): VectorRecord[] {
    return ["COMMAND", "RESPONSE"].map((kind) => {
      const record = published.find((one) => one.name === `${name}_${kind}`);
      if (record === undefined) throw new Error(`${name} is among the vectors`);
      const envelope = decodeEnvelope(record.bytes);
      if (envelope.kind === "PRECOMMAND") throw new Error("it is protected");
      if (kind === "RESPONSE") return { ...record, bytes: encodeEnvelope({ ...envelope, originator: HUB }) };
      const key = keystore.privateKey(envelope.originator, "DS");
      if (key === undefined) throw new Error("the parties' keys are published");
      const keys = { signature: new SoftwareSigner(key), mac };
      return { ...record, bytes: protectAs({ ...envelope, target: HUB }, "signature-and-mac", keys) };
    });
  }

  it("CS02b: the transitional CoS replaces its key as the published meter's does", async () => {
    const report = await run(readdressed("CS02bTransCoSByTransCoS_NA_SUCCESS"));
    expect(report).toMatchObject({ total: 1, passed: 1, failures: [] });
  });

  it("CS02b: the WAN provider's pair, with a certificate that the published time has not come to", async () => {
    const report = await run(wanProviderPair());
    expect(report).toMatchObject({ total: 1, passed: 1, failures: [] });
  });

  it("CS02b: fails where the answer tells of a cell that was not replaced", async () => {
    const report = await run(wanProviderPair(STATUS_CODE.insufficientMemory));
    expect(report).toMatchObject({ total: 1, passed: 0, failed: 1 });
    expect(report.failures[0]?.field).toMatch(/^content at octet/);
  });

  /** CS02b 0105 in the form of the published one: control, time and counter of gbcs-messages 9.3. */
  function wanProviderPair(status: number = STATUS_CODE.success): VectorRecord[] {
    const pki = new TestPki();
    const notBefore = Date.UTC(2016, 0, 10) / 1_000;
    const next = pki.issue({ eui64: WAN_PROVIDER, role: 6, notBefore, notAfter: notBefore + 86_400 });
    const before = keystore.certificate(WAN_PROVIDER, "DS");
    const signingKey = keystore.privateKey(WAN_PROVIDER, "DS");
    if (before === undefined || signingKey === undefined) throw new Error("the WAN provider is published");
    const cell = { role: 6, keyUsage: 1, cellUsage: 0 };
    const base = {
      counter: 8_000n,
      messageCode: 0x0105,
      supplementary: null,
      signature: null,
      mac: null,
    };
    const content = encodeAsn1(0x0105, "command", {
      control: {
        mode: 5,
        authorisingCell: cell,
        authorisingSeqNumber: 8_000n,
        newRemotePartyFloorSeqNumber: 0n,
      },
      replacements: [{ certificate: next.der, targetCell: cell }],
      certificationPath: [pki.issuing],
    });
    expect(toHex(content)).toContain("3013020105a20702010603020780" + "83021f40840100");
    const command: SecuredMessage = {
      ...base,
      kind: "COMMAND",
      originator: WAN_PROVIDER,
      target: HUB,
      dateTime: null,
      content,
    };
    const existing = before.subjectKeyIdentifier;
    const replacing = readCertificate(next.der).subjectKeyIdentifier;
    const answer = encodeAsn1(0x0105, "response", {
      commandAccepted: null,
      outcome: {
        authorisingSeqNumber: 8_000n,
        mode: 5,
        seqNumberChanges: [{ role: 6, floorSeqNumber: 0n }],
        replacements: [
          {
            cell,
            status,
            existingSubjectUniqueId: WAN_PROVIDER,
            existingSubjectKeyId: existing,
            replacingSubjectUniqueId: WAN_PROVIDER,
            replacingSubjectKeyId: replacing,
          },
        ],
      },
    });
    const response: SecuredMessage = {
      ...base,
      kind: "RESPONSE",
      originator: HUB,
      target: WAN_PROVIDER,
      dateTime: MIDNIGHT,
      content: answer,
      signature: new Uint8Array(64),
    };
    const keys = { signature: new SoftwareSigner(signingKey), mac };
    return [
      {
        name: "made_COMMAND",
        useCase: "made",
        kind: "COMMAND",
        bytes: protectAs(command, "signature-and-mac", keys),
      },
      { name: "made_RESPONSE", useCase: "made", kind: "RESPONSE", bytes: encodeEnvelope(response) },
    ];
  }

  it("CS14: the Alert of a changed Device Log, to the octet", async () => {
    const device = (eui64: Eui64, hash: string): Data => ({
      type: "structure",
      value: [
        { type: "octet-string", value: eui64ToBytes(eui64) },
        { type: "octet-string", value: fromHex(hash) },
      ],
    });
    const log: Data = {
      type: "structure",
      value: [
        { type: "octet-string", value: MIDNIGHT },
        { type: "octet-string", value: fromHex("0001020304050607") },
        {
          type: "array",
          value: [
            device(Eui64("00db1234567890a0"), "83fed3407a939723a5c639b26916d506"),
            device(Eui64("00db1234567890a1"), ""),
          ],
        },
      ],
    };
    const content = encodeDlms({
      type: "data-notification",
      invokeId: 0x2000_0fa0,
      dateTime: new Uint8Array(0),
      body: {
        type: "structure",
        value: [{ type: "u16", value: 0x8f12 }, { type: "octet-string", value: MIDNIGHT }, log],
      },
    });
    const report = await run([made("ALERT", 0x0018, content, 0xfa0n)]);
    expect(report).toMatchObject({ total: 0, alerts: 1, failures: [] });
  });

  it("fails a Response that the hub does not give, field by field", async () => {
    const [command, response] = published.filter(({ name }) => name.startsWith("CCS02_8.11_SUCCESS"));
    if (command === undefined || response === undefined) throw new Error("CCS02 is among the vectors");
    const envelope = decodeEnvelope(response.bytes);
    if (envelope.kind === "PRECOMMAND") throw new Error("a Response is protected");
    // Object-undefined: a result that no state of this hub and no fault at its ports leads to.
    const content = envelope.content.with(envelope.content.length - 1, 4);
    const bytes = protectAs({ ...envelope, content }, "mac", { signature: undefined, mac });
    const report = await run([command, { ...response, bytes }]);
    expect(report).toMatchObject({ total: 1, passed: 0, failed: 1 });
    expect(report.failures[0]).toMatchObject({ kind: "RESPONSE", name: "CCS02_8.11_SUCCESS_COMMAND" });
    expect(report.failures[0]?.field).toMatch(/^content at octet/);
  });
});
