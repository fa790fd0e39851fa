import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { ManualClock } from "../../src/base/clock.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { decodeAsn1 } from "../../src/gbcs/asn1/index.ts";
import { type Data, encodeDlms } from "../../src/gbcs/dlms/index.ts";
import { protectAs } from "../../src/gbcs/security/protect.ts";
import { keystoreAgreement } from "../../src/gbcs/security/recorded.ts";
import { SoftwareSigner } from "../../src/gbcs/security/signature.ts";
import { linkKeyHash } from "../../src/han/device-log/device-log.ts";
import { addition, FarParty } from "./far-end.ts";
import { CHF, TestHub, type TestHubOptions } from "./hub.ts";
import { PARTY, testKeystore } from "./pki.ts";

const keystore = testKeystore();
const ESME = Eui64("00db1234567890a0");
const GSME = Eui64("00db1234567890a1");
const GPF = Eui64("00db1234567890a3");
const CODE = "30313233343536373839414243444546";
const KEY = fromHex("000102030405060708090a0b0c0d0e0f");

let hub: TestHub;
let acb: FarParty;

function start(options: Partial<TestHubOptions> = {}): void {
  const key = keystore.privateKey(CHF, "DS");
  hub = new TestHub({
    keystore,
    ...(key === undefined ? {} : { signer: new SoftwareSigner(key) }),
    ...options,
  });
}

beforeEach(() => {
  acb = new FarParty(keystore, PARTY.acb, CHF);
  start();
});
afterEach(() => hub[Symbol.dispose]());

async function results(code: string, fields: Parameters<FarParty["command"]>[1]): Promise<number[]> {
  return acb.results(await hub.answer(acb.command(code, fields)));
}

function alerts(): { code: number; counter: bigint }[] {
  return hub.sent.map(({ payload }) => {
    const { code, envelope } = acb.alert(payload);
    return { code, counter: envelope.counter };
  });
}

/** Devices and hashes that the last alert CS14 carries. */
function lastBackup(): [string, string][] {
  const { apdu } = acb.alert(hub.sent.at(-1)?.payload ?? new Uint8Array());
  const backup = list(list(apdu.body)[2]);
  return list(backup[2]).map((one) => {
    const [eui64, hash] = list(one);
    return [octets(eui64), octets(hash)];
  });
}

function list(data: Data | undefined): readonly Data[] {
  return data?.type === "structure" || data?.type === "array" ? data.value : [];
}

function octets(data: Data | undefined): string {
  return data?.type === "octet-string" ? toHex(data.value) : "";
}

describe("CCS01 add device", () => {
  it("adds the device, opens the window with the install code's key and tells by CS14 with an empty hash", async () => {
    expect(await results("CCS01", addition(ESME, CODE))).toEqual([0, 0, 0]);
    expect(hub.deviceLog.entry(ESME)).toMatchObject({ kind: "esme", linkKey: undefined, keyHash: undefined });
    expect(hub.han.calls).toEqual(["setJoinTimeout 90", `openJoining ${ESME} install-code 90`]);
    expect(alerts().map(({ code }) => code)).toEqual([0x8f12]);
    expect(lastBackup()).toEqual([[ESME, ""]]);
    expect(hub.securityLog()).toEqual([0x8f12]);
    expect(hub.chf.logs.read("event", 0, 0xffff_ffff).map(({ code, info }) => [code, toHex(info)])).toEqual([
      [0x8154, "0001"],
    ]);
  });

  it("drops the key for a device that is in the log, keeps its link key and answers success", async () => {
    await results("CCS01", addition(ESME, CODE));
    hub.deviceLog.linkKeyEstablished(ESME, KEY);
    const told = hub.sent.length;
    expect(await results("CCS01", addition(ESME, "ff".repeat(16)))).toEqual([0, 0, 0]);
    expect(hub.deviceLog.linkKey(ESME)).toEqual(KEY);
    expect(hub.deviceLog.entry(ESME)?.startKey).toBeUndefined();
    expect(hub.sent).toHaveLength(told);
    expect(hub.han.calls.at(-1)).toBe(`openJoining ${ESME} link-key 90`);
  });

  it("opens again with the first install code for a device that has not joined yet", async () => {
    await results("CCS01", addition(ESME, CODE));
    await results("CCS01", addition(ESME, "ff".repeat(16)));
    const [first, second] = hub.han.open;
    expect(second?.device.key).toEqual(first?.device.key);
  });

  it("adds nothing beyond the limit of its kind, and executes no later item", async () => {
    await results("CCS01", addition(GSME, CODE, "GSME"));
    const another = Eui64("00db1234567890b1");
    expect(await results("CCS01", addition(another, CODE, "GSME"))).toEqual([250, 250, 250]);
    expect(hub.deviceLog.mayJoin(another)).toBe(false);
    expect(hub.han.open).toHaveLength(1);
    expect(alerts()).toHaveLength(1);
  });

  it("adds nothing beyond sixteen devices, and still takes one that is there", async () => {
    const ihds = Array.from({ length: 16 }, (_, i) => Eui64(`00db12345678900${i.toString(16)}`));
    for (const ihd of ihds) expect(await results("CCS01", addition(ihd, CODE, "IHD"))).toEqual([0, 0, 0]);
    expect(await results("CCS01", addition(ESME, CODE))).toEqual([250, 250, 250]);
    expect(await results("CCS01", addition(ihds[3] ?? ESME, CODE, "IHD"))).toEqual([0, 0, 0]);
    expect(hub.deviceLog.entries()).toHaveLength(16);
  });

  it("keeps the device and says which item failed where the radio cannot open", async () => {
    hub.han.faults.add("openJoining");
    expect(await results("CCS01", addition(ESME, CODE))).toEqual([0, 0, 1]);
    expect(hub.deviceLog.mayJoin(ESME)).toBe(true);
    expect(hub.chf.logs.read("event", 0, 0xffff_ffff).map(({ code }) => code)).toEqual([0x8155]);
  });

  it("does not ask the radio for the GPF, which is the hub itself", async () => {
    const type = { type: "enum", value: 254 } as const;
    const fields = {
      ...addition(GPF, CODE),
      register_device: { ieee_address: GPF, key_type: 1, key: CODE, device_type: type },
    };
    expect(await results("CCS01", fields)).toEqual([0, 0, 0]);
    expect(hub.han.open).toEqual([]);
    expect(hub.deviceLog.entry(GPF)?.kind).toBe("gpf");
  });

  it("adds no device of a kind without a number", async () => {
    const type = { type: "enum", value: 77 } as const;
    const fields = {
      ...addition(ESME, CODE),
      register_device: { ieee_address: ESME, key_type: 1, key: CODE, device_type: type },
    };
    expect(await results("CCS01", fields)).toEqual([250, 250, 250]);
    expect(hub.deviceLog.entries()).toEqual([]);
  });
});

describe("CCS02 remove device", () => {
  it("takes the device off, keeps its key in the Historic Device Log and tells by CS14", async () => {
    await results("CCS01", addition(ESME, CODE));
    hub.deviceLog.linkKeyEstablished(ESME, KEY);
    expect(await results("CCS02", { unregister_device: ESME })).toEqual([0]);
    expect(hub.deviceLog.mayJoin(ESME)).toBe(false);
    expect(hub.deviceLog.historic()).toEqual([{ eui64: ESME, linkKey: KEY, keyHash: linkKeyHash(KEY) }]);
    expect(hub.han.calls.at(-1)).toBe(`removeDevice ${ESME}`);
    expect(lastBackup()).toEqual([]);
  });

  it("says so for a device that is not in the log, and asks nothing of the radio", async () => {
    expect(await results("CCS02", { unregister_device: ESME })).toEqual([250]);
    expect(hub.han.calls).toEqual([]);
    expect(hub.sent).toEqual([]);
  });
});

describe("CCS03 restore", () => {
  const PAN = "0000000000000140";
  const HASH = "83fed3407a939723a5c639b26916d506";

  it("forms the old network and admits its devices by the hash of their old keys", async () => {
    await results("CCS01", addition(ESME, CODE));
    const devices = [{ MAC_address: GSME, hashed_TC_link_key: HASH }];
    expect(
      await results("CCS03", { restore_PAN: { extended_PAN_ID: PAN, devices_to_restore: devices } }),
    ).toEqual([0]);
    await Promise.resolve();
    expect(hub.deviceLog.entries().map(({ eui64 }) => eui64)).toEqual([GSME]);
    expect(hub.deviceLog.extendedPanId).toBe(PAN);
    expect(hub.han.calls).toContain(`reform ${PAN}`);
    expect(hub.han.open.at(-1)?.device).toMatchObject({
      eui64: GSME,
      keyIs: "restored-hash",
      key: fromHex(HASH),
    });
    expect(lastBackup()).toEqual([[GSME, HASH]]);
    expect(hub.deviceLog.historic()).toEqual([]);
  });

  it("shows the new key's hash by CS14 when a restored device is keyed", async () => {
    const devices = [{ MAC_address: GSME, hashed_TC_link_key: HASH }];
    await results("CCS03", { restore_PAN: { extended_PAN_ID: PAN, devices_to_restore: devices } });
    hub.deviceLog.linkKeyEstablished(GSME, KEY);
    expect(lastBackup()).toEqual([[GSME, toHex(linkKeyHash(KEY))]]);
  });

  it.each([
    ["a device twice", [GSME, GSME]],
    ["no device", []],
    [
      "seventeen devices",
      Array.from({ length: 17 }, (_, i) =>
        Eui64((0x00db_1234_0000n + BigInt(i)).toString(16).padStart(16, "0")),
      ),
    ],
  ])("refuses a backup with %s as malformed", async (_name, eui64s) => {
    const devices = eui64s.map((MAC_address) => ({ MAC_address, hashed_TC_link_key: HASH }));
    const command = acb.command("CCS03", {
      restore_PAN: { extended_PAN_ID: PAN, devices_to_restore: devices },
    });
    expect(await hub.answer(command)).toBeUndefined();
    expect(hub.han.calls).toEqual([]);
    expect(alerts().map(({ code }) => code)).toEqual([0x8f1e]);
  });
});

describe("CS02a credential details", () => {
  const cell = (role: number, keyUsage: number) => ({ role, keyUsage, cellUsage: 0 });
  const KA = 1 << 4;
  const DS = 1;

  it("tells the broker's counter and cells under MAC, and what it does not hold by status", async () => {
    await results("CCS01", addition(ESME, CODE));
    const counter = acb.lastCounter;
    const answer = await hub.answer(
      acb.command("CS02a", { authorisingCell: cell(4, KA), rolesRequired: [4, 2, 99] }),
    );
    const envelope = acb.verified(answer ?? new Uint8Array());
    expect(envelope.signature).toBeNull();
    const [broker, supplier, unknown] = decodeAsn1(0x0008, "response", envelope.content);
    expect(broker).toMatchObject({ role: 4, status: 0, currentSeqNumber: counter });
    expect(broker?.cells?.map(({ keyUsage }) => keyUsage)).toEqual([DS, KA]);
    expect(supplier).toMatchObject({ role: 2, status: 25 });
    expect(unknown).toMatchObject({ role: 99, status: 127 });
  });

  it("answers under signature a party that authorises by its signing key", async () => {
    const originator = PARTY.transitionalCoS;
    const fields = { authorisingCell: cell(5, DS), rolesRequired: [5] };
    const answer = await hub.answer(acb.command("CS02a", fields, { originator, protection: "signature" }));
    const envelope = acb.verified(answer ?? new Uint8Array());
    expect(envelope.mac).toBeNull();
    expect(envelope.target).toBe(originator);
  });

  it("refuses one form under the protection of the other, and a cell of another party", async () => {
    const byMac = { authorisingCell: cell(5, DS), rolesRequired: [5] };
    expect(await hub.answer(acb.command("CS02a", byMac))).toBeUndefined();
    const signed = { authorisingCell: cell(4, KA), rolesRequired: [4] };
    expect(await hub.answer(acb.command("CS02a", signed, { protection: "signature" }))).toBeUndefined();
    expect(hub.securityLog()).toEqual([0x8f30, 0x8f3d]);
  });
});

describe("a Command that fails a check is not answered and changes nothing (GBCS 6.2)", () => {
  async function refused(command: Uint8Array, log: number, alert: number | undefined): Promise<void> {
    const before = hub.state();
    const execution = await hub.run(command);
    expect(execution.failed).toBeDefined();
    expect(execution.answers).toEqual([]);
    expect(hub.state()).toEqual(before);
    expect(hub.han.calls).toEqual([]);
    expect(hub.securityLog()).toEqual([log]);
    expect(alerts().map(({ code }) => code)).toEqual(alert === undefined ? [] : [alert]);
  }

  it("a wrong MAC: 8F3D", async () => {
    const command = acb.command("CCS01", addition(ESME, CODE));
    command[command.length - 1] = (command.at(-1) ?? 0) ^ 1;
    await refused(command, 0x8f3d, 0x8f3d);
  });

  it("any bit flipped behind the addresses", async () => {
    const command = acb.command("CCS01", addition(ESME, CODE));
    const before = hub.state();
    for (let at = 40; at < command.length; at += 3) {
      const damaged = command.slice();
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at & 7));
      expect(await hub.answer(damaged)).toBeUndefined();
    }
    expect(hub.state()).toEqual(before);
    expect(hub.han.calls).toEqual([]);
  });

  it("a flood of wrong MACs: a hundred alerts an hour, while the log goes on", async () => {
    const command = acb.command("CCS01", addition(ESME, CODE));
    command[command.length - 1] = (command.at(-1) ?? 0) ^ 1;
    for (let i = 0; i < 130; i++) await hub.run(command);
    expect(hub.sent).toHaveLength(100);
    expect(hub.securityLog()).toHaveLength(100);
    hub.clock.advance(3_600_000);
    await hub.run(command);
    expect(hub.sent).toHaveLength(101);
  });

  it("no MAC at all: 8F3D", () => {
    return refused(acb.command("CCS01", addition(ESME, CODE), { protection: "signature" }), 0x8f3d, 0x8f3d);
  });

  it("a party without the role: 8F30", () => {
    const wish = { originator: PARTY.wanProvider } as const;
    return refused(acb.command("CCS01", addition(ESME, CODE), wish), 0x8f30, 0x8f30);
  });

  it("a party without a trust anchor cell: 8F3E", () => {
    const wish = { originator: PARTY.supplier } as const;
    return refused(acb.command("CCS01", addition(ESME, CODE), wish), 0x8f3e, 0x8f3e);
  });

  it("a use case that the hub has not: 8F53, log only", () => {
    return refused(acb.command("DBCH01", {}), 0x8f53, undefined);
  });

  it("a key type that is no install code: 8F1E", () => {
    const fields = addition(ESME, CODE);
    const key_type = { type: "enum", value: 2 } as const;
    const device = { ieee_address: ESME, key_type, key: CODE, device_type: "ESME" };
    return refused(acb.command("CCS01", { ...fields, register_device: device }), 0x8f1e, 0x8f1e);
  });

  it("a key of 15 octets: 8F1E", () => {
    return refused(acb.command("CCS01", addition(ESME, CODE.slice(2))), 0x8f1e, 0x8f1e);
  });

  it("items of another use case under its message code: 8F1E", () => {
    const other = acb.command("CCS06", {});
    return refused(recoded(other, "CCS02"), 0x8f1e, 0x8f1e);
  });

  it("a content that is no request: 8F1E", () => {
    const content = encodeDlms({
      type: "data-notification",
      invokeId: 0x2000_0001,
      dateTime: new Uint8Array(0),
      body: { type: "null" },
    });
    return refused(withContent(content), 0x8f1e, 0x8f1e);
  });

  it("an invoke id that is not of the counter: 8F1E", () => {
    const content = fromHex(`d920ffffff000101006800001e0300ff040100`);
    return refused(withContent(content), 0x8f1e, 0x8f1e);
  });

  function recoded(message: Uint8Array, code: string): Uint8Array {
    const envelope = acb.verified(message);
    const messageCode = code === "CCS02" ? 0x0002 : 0;
    return secured({ ...envelope, messageCode });
  }

  function withContent(content: Uint8Array): Uint8Array {
    return secured({ ...acb.verified(acb.command("CCS06", {})), content });
  }

  function secured(message: Parameters<typeof protectAs>[0]): Uint8Array {
    const mac = { keys: keystoreAgreement(keystore), accessControlBroker: PARTY.acb };
    return protectAs(message, "mac", { signature: undefined, mac });
  }
});

describe("protection against replay", () => {
  it("takes a counter once, and none below it: 8F53, log only", async () => {
    const first = acb.command("CCS01", addition(ESME, CODE), { counter: 500n });
    expect(await hub.answer(first)).toBeDefined();
    const older = acb.command("CCS02", { unregister_device: ESME }, { counter: 499n });
    expect(await hub.answer(first)).toBeUndefined();
    expect(await hub.answer(older)).toBeUndefined();
    expect(hub.deviceLog.mayJoin(ESME)).toBe(true);
    expect(hub.securityLog()).toEqual([0x8f12, 0x8f53, 0x8f53]);
    expect(
      await hub.answer(acb.command("CCS02", { unregister_device: ESME }, { counter: 501n })),
    ).toBeDefined();
  });

  it("answers a read again under the counter that it had", async () => {
    const read = acb.command("CCS07", {});
    expect(await hub.answer(read)).toEqual(await hub.answer(read));
  });

  it("does not take a counter with a Command that it refuses", async () => {
    await hub.run(acb.command("CCS01", addition(ESME, CODE.slice(2)), { counter: 900n }));
    expect(await hub.answer(acb.command("CCS01", addition(ESME, CODE), { counter: 899n }))).toBeDefined();
  });
});

describe("what outlives a power cut", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hanway-chf-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps log, counters and windows, and never uses an alert counter twice", async () => {
    const path = join(folder, "hub.sqlite");
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    hub[Symbol.dispose]();
    start({ path, clock });
    const command = acb.command("CCS01", addition(ESME, CODE));
    await hub.answer(command);
    const [before] = alerts();
    hub[Symbol.dispose]();
    clock.advance(30_000);
    start({ path, clock, networkUp: false });
    expect(hub.deviceLog.mayJoin(ESME)).toBe(true);
    expect(await hub.answer(command)).toBeUndefined();
    hub.chf.start();
    await Promise.resolve();
    expect(hub.han.calls).toEqual([`openJoining ${ESME} install-code 60`]);
    hub.deviceLog.linkKeyEstablished(ESME, KEY);
    expect(alerts()[0]?.counter).toBe((before?.counter ?? 0n) + 1n);
  });

  it("executes what waited for it in the inbox when the network is up, and not before", async () => {
    hub[Symbol.dispose]();
    start({ networkUp: false });
    const added = results("CCS01", addition(ESME, CODE));
    await new Promise((later) => setImmediate(later));
    expect(hub.han.calls).toEqual([]);
    hub.chf.start();
    expect(await added).toEqual([0, 0, 0]);
    expect(hub.han.calls).toEqual(["setJoinTimeout 90", `openJoining ${ESME} install-code 90`]);
  });

  it("answers what asks nothing of the radio before the network is up", async () => {
    hub[Symbol.dispose]();
    start({ networkUp: false });
    expect(await results("CCS07", {})).toEqual([0, 0]);
  });

  it("undoes everything of a Command whose transaction fails, its alerts and their counter too", async () => {
    const before = hub.state();
    const execution = await hub.chf.executor.execute({
      id: "x" as never,
      device: CHF,
      payload: acb.command("CCS01", addition(ESME, CODE)),
    });
    expect(() =>
      hub.store.transaction(() => {
        execution.writes?.();
        throw new Error("power cut");
      }),
    ).toThrow();
    expect(hub.state()).toEqual(before);
    expect(hub.deviceLog.mayJoin(ESME)).toBe(false);
    expect(hub.securityLog()).toEqual([]);
  });

  it("begins a new store's alert counter where no former one can have come to", () => {
    const late = new ManualClock(Date.UTC(2026, 0, 1, 0, 0, 10));
    hub[Symbol.dispose]();
    start({ clock: new ManualClock(Date.UTC(2026, 0, 1)) });
    hub.deviceLog.add(ESME, "esme", undefined);
    const [first] = alerts();
    hub[Symbol.dispose]();
    start({ clock: late });
    hub.deviceLog.add(ESME, "esme", undefined);
    expect((alerts()[0]?.counter ?? 0n) > (first?.counter ?? 0n) + 100n).toBe(true);
  });
});

describe("logs (ECS35c, ECS35d)", () => {
  it("keeps the hundred entries that came last", () => {
    for (let i = 0; i < 130; i++) {
      hub.clock.advance(1_000);
      hub.chf.logs.event(0x8154, Uint8Array.of(0, i));
    }
    const entries = hub.chf.logs.read("event", 0, 0xffff_ffff);
    expect(entries.map(({ info }) => info[1])).toEqual(Array.from({ length: 100 }, (_, i) => i + 30));
  });

  it("answers with the entries of the period, both ends included", async () => {
    const entry = (time: number) => ({ time, code: 0x8f3f, info: new Uint8Array(0) });
    hub.chf.seed({ securityLog: [entry(99), entry(100), entry(200), entry(201)] });
    const period = (seconds: number) => new Date((946_684_800 + seconds) * 1_000).toISOString();
    const fields = { "SecurityLog(CHF)": { from: period(100), to: period(200) } };
    const answer = await hub.answer(acb.command("ECS35d", fields));
    const [log] = acb.response(answer ?? new Uint8Array()).data;
    expect(log).toMatchObject({
      type: "compact-array",
      value: [100, 200].map((time) => ({ value: [{ value: time }, { value: 0x8f3f }] })),
    });
  });
});

describe("identity (ECS26n, ECS52)", () => {
  it("tells what the settings say, and fails the item of what they do not", async () => {
    hub[Symbol.dispose]();
    start({ identity: { modelType: fromHex("4154475479706559") } });
    expect(await results("ECS26n", {})).toEqual([0, 1]);
    expect(await results("ECS52", {})).toEqual([1]);
  });
});

describe("contents that are authentic and not what they should be", () => {
  const commands: [string, Parameters<FarParty["command"]>[1]][] = [
    ["CCS01", addition(ESME, CODE)],
    ["CCS02", { unregister_device: ESME }],
    [
      "CCS03",
      {
        restore_PAN: {
          extended_PAN_ID: "0000000000000140",
          devices_to_restore: [{ MAC_address: GSME, hashed_TC_link_key: "83fed3407a939723a5c639b26916d506" }],
        },
      },
    ],
    ["CCS07", {}],
    ["ECS35d", { "SecurityLog(CHF)": { from: "2015-01-01T00:00:00Z", to: "2016-01-01T00:00:00Z" } }],
    ["CS02a", { authorisingCell: { role: 4, keyUsage: 1 << 4, cellUsage: 0 }, rolesRequired: [4] }],
  ];

  it.each(commands)(
    "%s with any octet changed, or cut anywhere, is answered or refused, and never a fault",
    async (code, fields) => {
      const envelope = acb.verified(acb.command(code, fields));
      const mac = { keys: keystoreAgreement(keystore), accessControlBroker: PARTY.acb };
      let counter = envelope.counter;
      const attempt = async (content: Uint8Array) => {
        counter += 1n;
        const message = protectAs({ ...envelope, counter, content }, "mac", { signature: undefined, mac });
        const { answers, failed } = await hub.run(message);
        expect(answers.length === 1 || failed === "refused").toBe(true);
      };
      const own = (content: Uint8Array) => {
        const copy = content.slice();
        // The invoke id follows the counter, so that what is behind it is looked at.
        if (code !== "CS02a" && copy.length > 5)
          new DataView(copy.buffer).setUint32(1, 0x2000_0000 + Number(counter + 1n));
        return copy;
      };
      for (let at = 0; at < envelope.content.length; at++) {
        await attempt(own(envelope.content.subarray(0, at)));
        for (const bit of [0x01, 0x80]) {
          const damaged = own(envelope.content);
          damaged[at] = (damaged[at] ?? 0) ^ bit;
          await attempt(damaged);
        }
      }
    },
  );
});
