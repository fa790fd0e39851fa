import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { Eui64, eui64ToBytes } from "../../../src/base/eui64.ts";
import { type Data, encodeDlms } from "../../../src/gbcs/dlms/index.ts";
import { decodeEnvelope } from "../../../src/gbcs/envelope/decode.ts";
import type { SecuredMessage } from "../../../src/gbcs/envelope/envelope.ts";
import { readKeystore } from "../../../src/gbcs/keystore.ts";
import { protectAs } from "../../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { runConformance } from "../../../src/lab/conformance/run.ts";
import { readVectors, type VectorRecord } from "../../../src/lab/vectors.ts";
import { describeShared, sharedData } from "../../shared-data.ts";

const HUB = Eui64("00db1234567890a2");
const BROKER = Eui64("90b3d51f30000002");
const SUPPLIER = Eui64("90b3d51f30010000");
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
