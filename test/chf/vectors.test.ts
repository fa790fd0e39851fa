import { expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { type Eui64, eui64FromBytes } from "../../src/base/eui64.ts";
import { type Data, dateTimeToUnix, decodeDateTime, decodeDlms } from "../../src/gbcs/dlms/index.ts";
import { encodeEnvelope } from "../../src/gbcs/envelope/encode.ts";
import type { SecuredMessage } from "../../src/gbcs/envelope/envelope.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import type { DeviceFigures } from "../../src/han/device-log/figures.ts";
import { readVectors, type Vector } from "../gbcs/vectors.ts";
import { describeShared, sharedData } from "../shared-data.ts";
import { FarParty } from "./far-end.ts";
import { ACB, CHF, publishedKeys, TestHub } from "./hub.ts";

/** Message codes that the hub executes, of those with published pairs. */
const EXECUTED = [0x0001, 0x0002, 0x0003, 0x010f, 0x0004, 0x00fe, 0x0093, 0x0094, 0x0092, 0x00fa, 0x0008];

describeShared("published pairs of the CHF (RTDS), byte for byte", "rtds.jsonl", (path) => {
  const keystorePath = sharedData("rtds-keystore.json");
  if (keystorePath === undefined) throw new Error("the keystore belongs to the vectors");
  const keystore = publishedKeys(keystorePath);
  const vectors = readVectors(path).filter(
    ({ envelope }) =>
      EXECUTED.includes(envelope.messageCode) && (envelope.target === CHF || envelope.originator === CHF),
  );
  const pairs = vectors
    .filter(({ kind }) => kind === "COMMAND")
    .flatMap((command) => {
      const name = command.name.replace("COMMAND", "RESPONSE");
      const response = vectors.find((one) => one.kind === "RESPONSE" && one.name === name);
      return response === undefined ? [] : [{ name: command.name, command, response }];
    });

  it("has pairs of every use case that has any", () => {
    expect(new Set(pairs.map(({ command }) => command.useCase))).toEqual(
      new Set(["CCS01", "CCS02", "CCS03", "CCS06", "CCS07", "ECS35c", "ECS26i"]),
    );
  });

  it.each(pairs)("$name", async ({ command, response }) => {
    using hub = new TestHub({ keystore, identity: identityOf(response) });
    seed(hub, command, response);
    const answer = await hub.answer(encodeEnvelope(command.envelope));
    expect(answer && toHex(answer)).toBe(toHex(encodeEnvelope(response.envelope)));
  });

  it.each(pairs)(
    "$name with one bit of its MAC flipped is not answered and changes nothing",
    async ({ command, response }) => {
      using hub = new TestHub({ keystore });
      seed(hub, command, response);
      const before = hub.state();
      const damaged = encodeEnvelope(command.envelope);
      damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 0x01;
      expect(await hub.answer(damaged)).toBeUndefined();
      expect(hub.state()).toEqual(before);
      expect(hub.han.calls).toEqual([]);
    },
  );

  it.each(pairs)(
    "$name under another counter is answered under that counter",
    async ({ command, response }) => {
      using hub = new TestHub({ keystore, identity: identityOf(response) });
      seed(hub, command, response);
      const again = rewrapped(command, 0x0123_4567_89abn);
      const answer = await hub.answer(again);
      expect(answer && toHex(answer)).toBe(toHex(rewrapped(response, 0x0123_4567_89abn)));
    },
  );

  it("tells a change of the Device Log as CS14 (gbcs-messages 8.9), in the frame of the published alerts", () => {
    using hub = new TestHub({ keystore });
    const hash = "83fed3407a939723a5c639b26916d506";
    hub.chf.seed({
      deviceLog: {
        entries: [{ ...device("00db1234567890a0"), keyHash: fromHex(hash) }],
        historic: [],
        extendedPanId: eui64FromBytes(fromHex("0001020304050607")),
      },
      alertCounter: 0xf9fn,
    });
    hub.deviceLog.add(eui64FromBytes(fromHex("00db1234567890a1")), "gsme", undefined);
    const time = "090c07df0101ff000000008000ff";
    const entries = `0202090800db1234567890a00910${hash}0202090800db1234567890a10900`;
    const content = `0f20000fa0000203128f12${time}0203${time}090800010203040506070102${entries}`;
    const grouping = `df09030000000000000fa00800db1234567890a20890b3d51f3000000200020018${hexLength(content)}${content}00`;
    const sent = toHex(hub.sent[0]?.payload ?? fromHex(""));
    expect(sent.slice(sent.indexOf("df0903"), -24)).toBe(grouping);
    expect(new FarParty(keystore, ACB, CHF).verified(fromHex(sent)).mac).not.toBeNull();
  });

  it("tells its credentials to the broker by CS02a (gbcs-messages 9.2)", async () => {
    using hub = new TestHub({ keystore });
    const command = new FarParty(keystore, ACB, CHF).command("CS02a", {
      authorisingCell: { role: 4, keyUsage: 1 << 4, cellUsage: 0 },
      rolesRequired: [4],
    });
    const answer = toHex((await hub.answer(command)) ?? fromHex(""));
    const key = (usage: string, identifier: string) => `3018${usage}040890b3d51f300000020408${identifier}`;
    const cells = `${key("03020780", "42693535d3dde101")}${key("03020308", "4a9ce02c39ab910b")}`;
    expect(answer).toContain(`3041303f0201040a01000201003034${cells}00`);
  });

  it("answers the former CCS05/CCS04 as CCS06", async () => {
    using hub = new TestHub({ keystore });
    const acb = new FarParty(keystore, ACB, CHF);
    hub.deviceLog.seed({ entries: [device("00db1234567890a0")], historic: [] });
    const [former, present] = [acb.command("CCS05/CCS04", {}), acb.command("CCS06", {})];
    const contents = await Promise.all(
      [former, present].map(async (command) => acb.response((await hub.answer(command)) ?? fromHex("")).data),
    );
    expect(contents[0]).toEqual(contents[1]);
    expect(contents[0]?.[0]).toMatchObject({ type: "array", value: [{ type: "structure" }] });
  });

  /** The same message with another counter and a fresh MAC. */
  function rewrapped({ envelope }: Vector, counter: bigint): Uint8Array {
    if (envelope.kind === "PRECOMMAND") throw new Error("no pre-command wanted");
    const content = envelope.content.slice();
    new DataView(content.buffer).setUint32(1, 0x2000_0000 + Number(counter & 0xff_ffffn));
    const message: SecuredMessage = { ...envelope, counter, content };
    const mac = { keys: keystoreAgreement(keystore), accessControlBroker: ACB };
    return protectAs(message, "mac", { signature: undefined, mac });
  }
});

/** A length below 128 or of one octet more, in hex. */
function hexLength(content: string): string {
  const length = content.length / 2;
  return (length < 0x80 ? "" : "81") + length.toString(16).padStart(2, "0");
}

function items(vector: Vector): { data: readonly Data[]; results: readonly number[] } {
  const apdu = decodeDlms(vector.envelope.content);
  if (apdu.type !== "access-response") throw new Error("no Access-Response");
  return { data: apdu.data, results: apdu.results.map(({ result }) => result) };
}

function identityOf(response: Vector) {
  if (response.envelope.messageCode !== 0x0092) return {};
  const [, model, manufacturer] = items(response).data;
  return { modelType: octetsOf(model), manufacturer: octetsOf(manufacturer) };
}

/** Puts the hub into the state that a Response shows; what it shows as failed is a fault of the port behind it. */
function seed(hub: TestHub, command: Vector, response: Vector): void {
  const { data, results } = items(response);
  switch (command.envelope.messageCode) {
    case 0x0001:
      if (results[1] !== 0) hub.han.faults.add("setJoinTimeout");
      return;
    case 0x0002: {
      hub.deviceLog.seed({ entries: [device("00db1234567890a0")], historic: [] });
      if (results[0] !== 0) hub.han.faults.add("removeDevice");
      return;
    }
    case 0x0003:
      if (results[0] !== 0) hub.han.faults.add("reform");
      return;
    case 0x010f:
      if (results[0] !== 0) hub.faults.add("deviceLog");
      else {
        const entries = listOf(data[0]).map((one) => {
          const { eui64, figures } = figuresOf(one);
          return { ...device(eui64), figures };
        });
        hub.deviceLog.seed({ entries, historic: [] });
      }
      return;
    case 0x00fe: {
      if (results[0] !== 0) {
        hub.faults.add("deviceLog");
        return;
      }
      const [live, historic] = data.map(backup);
      if (live === undefined || historic === undefined) throw new Error("two backups wanted");
      hub.deviceLog.seed({
        entries: live.devices.map(({ eui64, keyHash }) => ({ ...device(eui64), keyHash })),
        historic: historic.devices.map((entry) => ({ ...entry, linkKey: undefined })),
        extendedPanId: live.extendedPanId,
      });
      return;
    }
    case 0x0093:
      if (results[0] !== 0) hub.faults.add("logs");
      else hub.chf.seed({ eventLog: logOf(data[0]) });
      return;
  }
}

function device(eui64: string) {
  return {
    eui64: eui64 as Eui64,
    kind: "esme" as const,
    startKey: undefined,
    linkKey: undefined,
    keyHash: undefined,
  };
}

function listOf(data: Data | undefined): readonly Data[] {
  if (data?.type !== "array" && data?.type !== "structure" && data?.type !== "compact-array")
    throw new Error("no list");
  return data.value;
}

function octetsOf(data: Data | undefined): Uint8Array | undefined {
  return data?.type === "octet-string" || data?.type === "bit-string" ? data.value : undefined;
}

function required(data: Data | undefined): Uint8Array {
  return octetsOf(data) ?? fromHex("");
}

function numberOf(data: Data | undefined): number {
  return typeof data === "object" && "value" in data && typeof data.value === "number"
    ? data.value
    : Number.NaN;
}

function figuresOf(one: Data): { eui64: Eui64; figures: DeviceFigures } {
  const fields = listOf(one);
  const n = (i: number) => numberOf(fields[i]);
  return {
    eui64: eui64FromBytes(required(fields[0])),
    figures: {
      status: required(fields[1])[0] ?? 0,
      rssi: { max: n(2), average: n(3), min: n(4) },
      lqi: { max: n(5), average: n(6), min: n(7) },
      lastCommunication: dateTimeToUnix(decodeDateTime(required(fields[8]))),
      hops: n(9),
      transmissionFailures: n(10),
      transmissionSuccesses: n(11),
      applicationVersion: n(12),
      stackVersion: n(13),
    },
  };
}

function backup(data: Data) {
  const [, panId, devices] = listOf(data);
  return {
    extendedPanId: eui64FromBytes(required(panId)),
    devices: listOf(devices).map((one) => {
      const [eui64, hash] = listOf(one);
      return { eui64: eui64FromBytes(required(eui64)), keyHash: required(hash) };
    }),
  };
}

function logOf(data: Data | undefined) {
  return listOf(data).map((one) => {
    const [time, code, info] = listOf(one);
    return { time: numberOf(time), code: numberOf(code), info: required(info) };
  });
}
