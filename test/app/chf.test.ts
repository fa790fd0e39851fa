import { afterEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { Eui64 } from "../../src/base/eui64.ts";
import { installCodeKey } from "../../src/cbke/install-code.ts";
import type { Data } from "../../src/gbcs/dlms/index.ts";
import { linkKeyHash } from "../../src/han/device-log/device-log.ts";
import { addition, FarParty } from "../chf/far-end.ts";
import {
  BROKER_PARTY,
  CHF,
  CODE,
  type HomeOptions,
  METER,
  OTHER_CODE,
  pause,
  TestHome,
  until,
} from "./home.ts";

let home: TestHome;
let acb: FarParty;
afterEach(async () => {
  await home[Symbol.asyncDispose]();
});

/** The install code without its CRC, as CCS01 carries it. */
const BARE = toHex(CODE.subarray(0, 16));

async function start(options: HomeOptions = {}): Promise<void> {
  home = await TestHome.start({ chf: true, listed: false, joinSeconds: 0, ...options });
  await until(() => home.hub.status().online, "the hub at the broker");
  acb = new FarParty(home.parties.keystore, BROKER_PARTY, CHF);
}

/** Sends a Command to the hub; resolves with the results of its items. */
async function results(code: string, fields: Parameters<FarParty["command"]>[1]): Promise<number[]> {
  const response = await answer(code, fields);
  return response.results.map(({ result }) => result);
}

async function answer(code: string, fields: Parameters<FarParty["command"]>[1]) {
  const id = await home.offer(CHF, acb.command(code, fields));
  await until(() => home.stages(id).includes("executed"), `${code} executed, got ${home.stages(id)}`);
  const { lastCounter } = acb;
  const found = () =>
    home.uplinks.map((hex) => fromHex(hex)).find((message) => isResponse(message, lastCounter));
  await until(() => found() !== undefined, `Response to ${code}`);
  return acb.response(found() ?? new Uint8Array());
}

function isResponse(message: Uint8Array, counter: bigint): boolean {
  const envelope = acb.verified(message);
  return envelope.kind === "RESPONSE" && envelope.counter === counter;
}

/** The backups of the alerts CS14 so far: device and hash of each entry. */
function backups(): [string, string][][] {
  return home.uplinks
    .map((hex) => fromHex(hex))
    .filter((message) => acb.verified(message).messageCode === 0x0018)
    .map((message) => {
      const [, , backup] = list(acb.alert(message).apdu.body);
      return list(list(backup)[2]).map((one) => {
        const [eui64, hash] = list(one);
        return [octets(eui64), octets(hash)];
      });
    });
}

function list(data: Data | undefined): readonly Data[] {
  return data?.type === "structure" || data?.type === "array" ? data.value : [];
}

function octets(data: Data | undefined): string {
  return data?.type === "octet-string" ? toHex(data.value) : "";
}

describe.each([
  ["install codes alone", undefined],
  ["key establishment", 7],
])("a CCS01 from the far end, with %s", (_name, authority) => {
  const options: HomeOptions = authority === undefined ? {} : { authority };

  it("opens the window, the meter joins and is keyed, and its hash goes up", async () => {
    await start(options);
    expect(home.emulator.stack.children()).toHaveLength(0);
    expect(await results("CCS01", addition(METER, BARE))).toEqual([0, 0, 0]);
    await home.tunnelOpen();
    await until(() => backups().length === 2, "CS14 with the hash");
    const [added, keyed] = backups();
    expect(added).toEqual([[METER, ""]]);
    expect(keyed?.[0]?.[0]).toBe(METER);
    expect(keyed?.[0]?.[1]).toMatch(/^[0-9a-f]{32}$/);
    const id = await home.offer(METER, home.samples.command());
    await until(() => home.stages(id).includes("delivered"), "a Command to the meter");
  }, 30_000);

  it("and a CCS02 takes it off the network again; it does not come back", async () => {
    await start(options);
    await results("CCS01", addition(METER, BARE));
    await home.tunnelOpen();
    await until(() => backups().length === 2, "CS14 with the hash");
    expect(await results("CCS02", { unregister_device: METER })).toEqual([0]);
    await until(() => backups().at(-1)?.length === 0, "CS14 without the meter");
    const id = await home.offer(METER, home.samples.command());
    await until(() => home.stages(id).includes("failed no-such-device"), "refusal");
    const joined = home.events.filter((event) => event.type === "joined").length;
    await pause(2_000);
    expect(home.events.filter((event) => event.type === "joined")).toHaveLength(joined);
  }, 30_000);
});

describe("what Commands have made", () => {
  it("is there after a restart of the hub: the meter is in, the log is told by CCS07", async () => {
    await start();
    await results("CCS01", addition(METER, BARE));
    await home.tunnelOpen();
    await until(() => backups().length === 2, "CS14 with the hash");
    const hash = backups()[1]?.[0]?.[1];
    home.events.length = 0;
    await home.restart();
    await home.tunnelOpen();
    const { data, results: outcome } = await answer("CCS07", {});
    expect(outcome.map(({ result }) => result)).toEqual([0, 0]);
    const [eui64, keyHash] = list(list(list(data[0])[2])[0]);
    expect([octets(eui64), octets(keyHash)]).toEqual([METER, hash]);
  }, 30_000);

  it("shows how the meter is heard by CCS06", async () => {
    await start();
    await results("CCS01", addition(METER, BARE));
    await home.tunnelOpen();
    await until(() => backups().length === 2, "CS14 with the hash");
    const { data } = await answer("CCS06", {});
    const fields = list(list(data[0])[0]);
    expect(fields).toHaveLength(14);
    expect(fields[1]).toMatchObject({ type: "bit-string", bits: 8, value: Uint8Array.of(0xc8) });
  }, 30_000);

  it("keeps out a meter whose install code is not the one in the Command", async () => {
    await start();
    await results("CCS01", addition(METER, toHex(OTHER_CODE.subarray(0, 12)).padEnd(32, "0")));
    await pause(2_500);
    expect(home.events.filter((event) => event.type === "joined")).toHaveLength(0);
    expect(backups()).toEqual([[[METER, ""]]]);
  });

  it("lets a removed meter in again by its old key, whatever install code comes with the Command (A2.9)", async () => {
    await start();
    await results("CCS01", addition(METER, BARE));
    await until(() => backups().length === 2, "CS14 with the hash");
    const hash = backups()[1]?.[0]?.[1];
    await results("CCS02", { unregister_device: METER });
    await until(() => home.emulator.stack.children().length === 0, "the meter gone");
    home.events.length = 0;
    await results("CCS01", addition(METER, "00".repeat(16)));
    await home.tunnelOpen();
    await until(() => backups().length === 5, "CS14 with the old hash");
    expect(backups().slice(2)).toEqual([[], [[METER, ""]], [[METER, hash]]]);
  }, 30_000);

  it("lets a meter that does not have the old key in by its install code, when that has its turn", async () => {
    await start({ authority: 7 });
    const linkKey = new Uint8Array(16).fill(0x77);
    const historic = [{ eui64: METER, linkKey, keyHash: linkKeyHash(linkKey) }];
    home.hub.chf?.seed({ deviceLog: { entries: [], historic } });
    await results("CCS01", addition(METER, BARE, "ESME", 5));
    await home.tunnelOpen();
    await until(() => backups().length === 2, "CS14 with a new hash");
    expect(backups()[1]?.[0]?.[1]).toMatch(/^[0-9a-f]{32}$/);
    expect(backups()[1]?.[0]?.[1]).not.toBe(toHex(linkKeyHash(linkKey)));
  }, 30_000);

  it("stays in the log and on the list where the radio is away while it is to be removed", async () => {
    await start();
    await results("CCS01", addition(METER, BARE));
    await until(() => backups().length === 2, "CS14 with the hash");
    await home.emulator.stop();
    await until(() => home.events.some(({ type }) => type === "radio-lost"), "radio lost");
    expect(await results("CCS02", { unregister_device: METER })).toEqual([1]);
    expect(await results("CCS01", addition(Eui64("00db1234567890b0"), BARE))).toEqual([0, 1, 250]);
    expect(home.hub.status().devices.map(({ eui64 }) => eui64)).toEqual([METER, "00db1234567890b0"]);
    await until(() => backups().length === 3, "CS14 with both");
    expect(backups()[2]?.map(([eui64]) => eui64)).toEqual([METER, "00db1234567890b0"]);
  }, 30_000);

  it("reforms the network on the old Extended PAN ID (CCS03)", async () => {
    await start();
    const pan = Eui64("00db1234567890b3");
    const devices = [{ MAC_address: METER, hashed_TC_link_key: "83fed3407a939723a5c639b26916d506" }];
    expect(
      await results("CCS03", { restore_PAN: { extended_PAN_ID: pan, devices_to_restore: devices } }),
    ).toEqual([0]);
    expect(home.hub.status().network).toMatchObject({ extendedPanId: pan });
    await until(() => backups().length === 1, "CS14");
    expect(backups()[0]).toEqual([[METER, "83fed3407a939723a5c639b26916d506"]]);
  }, 30_000);

  it("takes the place of another hub (CCS03): the meter comes in by the hash of its old key and gets a new one", async () => {
    await start({ authority: 7 });
    const pan = Eui64("00db1234567890b3");
    // To the meter it makes no difference where the key that it joins with comes from.
    const hash = toHex(installCodeKey(CODE));
    const devices = [{ MAC_address: METER, hashed_TC_link_key: hash }];
    await results("CCS03", { restore_PAN: { extended_PAN_ID: pan, devices_to_restore: devices } });
    await home.tunnelOpen();
    await until(() => backups().length === 2, "CS14 with the new hash");
    const [restored, keyed] = backups();
    expect(restored).toEqual([[METER, hash]]);
    expect(keyed?.[0]?.[1]).toMatch(/^[0-9a-f]{32}$/);
    expect(keyed?.[0]?.[1]).not.toBe(hash);
    const { data } = await answer("CCS06", {});
    expect(list(list(data[0])[0])[1]).toMatchObject({ value: Uint8Array.of(0xd8) });
    const id = await home.offer(METER, home.samples.command());
    await until(() => home.stages(id).includes("delivered"), "a Command to the meter");
  }, 30_000);

  it("given its own backup again (CCS03), goes on with the devices that have the keys it names", async () => {
    await start({ authority: 7 });
    await results("CCS01", addition(METER, BARE));
    await until(() => backups().length === 2, "CS14 with the hash");
    const hash = backups()[1]?.[0]?.[1];
    const pan = home.hub.status().network?.extendedPanId;
    const devices = [{ MAC_address: METER, hashed_TC_link_key: hash }];
    await results("CCS03", { restore_PAN: { extended_PAN_ID: pan, devices_to_restore: devices } });
    await until(() => backups().length === 3, "CS14");
    expect(backups()[2]).toEqual([[METER, hash]]);
    // The key that the hub holds is the one that the meter goes on using, also after a restart.
    await home.restart();
    home.uplinks.length = 0;
    await home.offer(METER, home.samples.command());
    await until(() => home.uplinks.length > 0, "the meter's Response");
  }, 30_000);

  it("refuses a Command with a wrong MAC with a receipt, an alert and nothing else", async () => {
    await start();
    const command = acb.command("CCS01", addition(METER, BARE));
    command[command.length - 1] = (command.at(-1) ?? 0) ^ 1;
    const id = await home.offer(CHF, command);
    await until(() => home.stages(id).includes("failed refused"), "receipt");
    await until(() => home.uplinks.length === 1, "alert");
    expect(acb.alert(fromHex(home.uplinks[0] ?? "")).code).toBe(0x8f3d);
    await pause(1_500);
    expect(home.emulator.stack.children()).toHaveLength(0);
  });
});
