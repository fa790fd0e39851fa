import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { commands } from "../../../src/emulator/ezsp/commands.ts";
import { Status } from "../../../src/emulator/ezsp/status.ts";
import { KeyType } from "../../../src/emulator/ezsp/structures.ts";
import { NcpBench, NO_EUI } from "./bench.ts";

const DEVICE = Eui64("00124b0000000011");

const aps = {
  profileId: 0x0000,
  clusterId: 0x0005,
  sourceEndpoint: 0,
  destinationEndpoint: 0,
  options: 0x0140,
  groupId: 0,
  sequence: 0,
};

function context(coreKeyType: number, more: { keyIndex?: number; eui64?: Eui64; flags?: number } = {}) {
  return {
    coreKeyType,
    keyIndex: 0,
    derivedType: 0,
    eui64: NO_EUI,
    multiNetworkIndex: 0,
    flags: 0,
    psaKeyAlgorithm: 0,
    ...more,
  };
}

describe("keys", () => {
  const key = new Uint8Array(16).fill(0x5a);

  test.each([13, 18])("EZSP %i: link keys go in, come out by index and address, and go", async (ezsp) => {
    const bench = await new NcpBench({ ezsp }).form();
    expect(bench.ask(commands.importLinkKey, { index: 0xff, address: DEVICE, key }).status).toBe(Status.OK);
    expect(bench.ask(commands.exportLinkKeyByEui, { eui64: DEVICE })).toMatchObject({ status: 0, key });
    expect(bench.ask(commands.exportLinkKeyByIndex, { index: 0 })).toMatchObject({ status: 0, key });
    expect(bench.ask(commands.findKeyTableEntry, { address: DEVICE, linkKey: 1 }).index).toBe(0);
    expect(bench.ask(commands.findKeyTableEntry, { address: NO_EUI, linkKey: 1 }).index).toBe(1);
    const found = bench.ask(commands.exportKey, {
      context: context(KeyType.APP_LINK, { eui64: DEVICE, flags: 2 }),
    });
    expect(found).toMatchObject({ status: 0, key });
    expect(bench.ask(commands.eraseKeyTableEntry, { index: 0 }).status).toBe(Status.OK);
    expect(bench.ask(commands.eraseKeyTableEntry, { index: 0 }).status).toBe(Status.OK);
    expect(bench.ask(commands.exportLinkKeyByEui, { eui64: DEVICE }).status).toBe(Status.NOT_FOUND);
    expect(bench.ask(commands.exportLinkKeyByIndex, { index: 12 }).status).toBe(Status.INVALID_INDEX);
    expect(bench.ask(commands.eraseKeyTableEntry, { index: 12 }).status).toBe(Status.INVALID_INDEX);
  });

  test("the thirteenth link key finds the table full", async () => {
    const bench = await new NcpBench().form();
    const put = (n: number) =>
      bench.ask(commands.importLinkKey, {
        index: 0xff,
        address: Eui64(`00124b00000000${(0x20 + n).toString(16)}`),
        key,
      }).status;
    for (let n = 0; n < 12; n++) expect(put(n)).toBe(Status.OK);
    expect(put(12)).toBe(Status.FULL);
  });

  test("link keys survive a reset, transient keys do not", async () => {
    const bench = await new NcpBench().form();
    bench.ask(commands.importLinkKey, { index: 0xff, address: DEVICE, key });
    bench.ask(commands.importTransientKey, { eui64: DEVICE, key, flags: 0 });
    expect(bench.ask(commands.exportTransientKeyByEui, { eui64: DEVICE })).toMatchObject({ status: 0, key });
    bench.ncp.reset();
    bench.negotiate();
    expect(bench.ask(commands.exportLinkKeyByEui, { eui64: DEVICE }).status).toBe(Status.OK);
    expect(bench.ask(commands.exportTransientKeyByEui, { eui64: DEVICE }).status).toBe(Status.NOT_FOUND);
  });

  test.each([13, 18])("EZSP %i: a backup reads network key, Trust Centre key and counters", async (ezsp) => {
    const bench = await new NcpBench({ ezsp }).form();
    expect(bench.ask(commands.exportKey, { context: context(KeyType.NETWORK) })).toMatchObject({
      status: 0,
      key: new Uint8Array(16).fill(7),
    });
    expect(bench.ask(commands.exportKey, { context: context(KeyType.TC_LINK) })).toMatchObject({
      status: 0,
      key: new Uint8Array(16).fill(9),
    });
    expect(bench.ask(commands.getNetworkKeyInfo, {})).toMatchObject({
      status: 0,
      info: { networkKeySet: 1, networkKeySequence: 0 },
    });
  });

  test("a network restored from a backup counts on from the backup's frame counter", async () => {
    const bench = new NcpBench().negotiate();
    bench.ask(commands.setValue, { valueId: 0x23, value: fromHex("78560400") });
    await bench.form();
    const { networkKeyFrameCounter } = bench.ask(commands.getNetworkKeyInfo, {}).info;
    expect(networkKeyFrameCounter).toBeGreaterThanOrEqual(0x45678);
  });

  test.each([13, 18])("EZSP %i: a counter that a host restores is read back and never goes down", (ezsp) => {
    const bench = new NcpBench({ ezsp }).negotiate();
    const read = (valueId: number) => toHex(bench.ask(commands.getValue, { valueId }).value);
    for (const valueId of [0x23, 0x24]) {
      bench.ask(commands.setValue, { valueId, value: fromHex("78560400") });
      expect(read(valueId)).toBe("78560400");
      bench.ask(commands.setValue, { valueId, value: fromHex("01000000") });
      expect(read(valueId)).toBe("78560400");
    }
  });

  test("a new network key is handed out, then used", async () => {
    const bench = await new NcpBench().form();
    expect(bench.ask(commands.broadcastNetworkKeySwitch, {}).status).toBe(Status.INVALID_STATE);
    expect(bench.ask(commands.broadcastNextNetworkKey, { key: new Uint8Array(16) }).status).toBe(Status.OK);
    expect(bench.ask(commands.broadcastNetworkKeySwitch, {}).status).toBe(Status.OK);
    await bench.air.idle();
    expect(bench.ask(commands.getNetworkKeyInfo, {}).info.networkKeySequence).toBe(1);
    expect(bench.ask(commands.exportKey, { context: context(KeyType.NETWORK) }).key).not.toEqual(
      new Uint8Array(16).fill(7),
    );
  });

  test("APS encryption without a key is refused with APS_ENCRYPTION_ERROR", async () => {
    const bench = await new NcpBench().form();
    const reply = bench.ask(commands.sendUnicast, {
      type: 0,
      indexOrDestination: 0x1234,
      apsFrame: { ...aps, profileId: 0x0109, options: 0x0060 },
      messageTag: 1,
      message: fromHex("00"),
    });
    expect(reply.status).toBe(Status.APS_ENCRYPTION_ERROR);
  });
});
