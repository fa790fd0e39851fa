import { afterEach, describe, expect, test } from "vitest";
import { ByteReader, fromHex } from "../../../src/base/bytes.ts";
import { Eui64 } from "../../../src/base/eui64.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { callbacks } from "../../../src/emulator/ezsp/callbacks.ts";
import { commands } from "../../../src/emulator/ezsp/commands.ts";
import { Status } from "../../../src/emulator/ezsp/status.ts";
import { Decision, Policy } from "../../../src/emulator/ncp/policies.ts";
import type { ApsMessage } from "../../../src/emulator/stack/coordinator.ts";
import { DeviceNode } from "../../../src/emulator/stack/device-node.ts";
import { NcpBench, type Said } from "./bench.ts";

const METER = Eui64("00124b0000000011");
const KEY = new Uint8Array(16).fill(0x21);
const MAINS = 0x8e;
const SLEEPY = 0x80;
const nodes: DeviceNode[] = [];

afterEach(() => {
  for (const node of nodes.splice(0)) node.close();
});

function device(bench: NcpBench, capability: number, linkKey = KEY): DeviceNode {
  const node = new DeviceNode({
    air: bench.air,
    clock: bench.clock,
    random: new SeededRandom(4),
    eui64: METER,
    linkKey,
    capability,
    manufacturerCode: 0x1234,
    endpoints: [
      {
        endpoint: 1,
        profile: 0x0109,
        deviceId: 0x0501,
        deviceVersion: 0,
        inputClusters: [0x0702],
        outputClusters: [],
      },
    ],
  });
  nodes.push(node);
  return node;
}

/** Lets emulated time pass, in steps that the air can follow. */
async function pass(bench: NcpBench, ms: number): Promise<void> {
  await bench.air.idle();
  for (let left = ms; left > 0; left -= 10) {
    bench.clock.advance(Math.min(10, left));
    await bench.air.idle();
  }
}

async function admit(bench: NcpBench, key = KEY): Promise<void> {
  bench.ask(commands.setPolicy, {
    policyId: Policy.TRUST_CENTER,
    decisionId: Decision.ALLOW_JOINS | Decision.ALLOW_UNSECURED_REJOINS | Decision.JOINS_USE_INSTALL_CODE_KEY,
  });
  bench.ask(commands.importTransientKey, { eui64: METER, key, flags: 0 });
  bench.ask(commands.permitJoining, { duration: 60 });
  bench.take();
}

async function joined(ezsp: number, capability = MAINS, fresh = new NcpBench({ ezsp })) {
  const bench = await fresh.form();
  await admit(bench);
  const node = device(bench, capability);
  node.start();
  await pass(bench, 3000);
  expect(node.state).toBe("joined");
  return { bench, node, said: bench.take() };
}

function aps(options: number, groupId = 0, sequence = 0) {
  return {
    profileId: 0x0109,
    clusterId: 0x0702,
    sourceEndpoint: 1,
    destinationEndpoint: 1,
    options,
    groupId,
    sequence,
  };
}

function incoming(said: Said, ezsp: number) {
  return callbacks.incomingMessage.body.read(new ByteReader(said.frame.parameters), ezsp, "");
}

const names = (said: readonly Said[]) => said.map((each) => each.name);

test("a device hears the APS frame counter go on from what a host restored", async () => {
  const fresh = new NcpBench().negotiate();
  fresh.ask(commands.setValue, { valueId: 0x24, value: fromHex("78560400") });
  const { bench, node } = await joined(13, MAINS, fresh);
  expect(node.snapshot().trustCenterIncoming).toBe(0x45679);
  bench.ask(commands.importLinkKey, { index: 0xff, address: METER, key: KEY });
  const sent = bench.ask(commands.sendUnicast, {
    type: 0,
    indexOrDestination: node.nodeId,
    apsFrame: aps(0x0060),
    messageTag: 1,
    message: fromHex("00"),
  });
  expect(sent.status).toBe(Status.OK);
  await pass(bench, 100);
  expect(node.snapshot().trustCenterIncoming).toBe(0x4567a);
});

describe("a device joins", () => {
  test.each([13, 18])("EZSP %i: childJoin, trustCenterJoin, then its announcement", async (ezsp) => {
    const { said, node } = await joined(ezsp);
    expect(names(said).slice(0, 3)).toEqual(["childJoin", "trustCenterJoin", "incomingMessage"]);
    expect(said[0]?.value).toMatchObject({ joining: 1, childId: node.nodeId, childEui64: METER });
    expect(said[1]?.value).toEqual({
      newNodeId: node.nodeId,
      newNodeEui64: METER,
      status: 1,
      policyDecision: 0,
      parentOfNewNodeId: 0,
    });
    expect(said[2]?.value).toMatchObject({ type: 4, apsFrame: { clusterId: 0x0013 } });
  });

  test("a message of another node has one more octet behind it", async () => {
    const { said } = await joined(18);
    expect(said[2]?.trailing).toEqual(Uint8Array.of(2));
  });

  test("without an entry in the tables it is denied and leaves as a child again", async () => {
    const bench = await new NcpBench().form();
    bench.ask(commands.setPolicy, { policyId: Policy.TRUST_CENTER, decisionId: 0x13 });
    bench.ask(commands.permitJoining, { duration: 60 });
    bench.take();
    device(bench, MAINS).start();
    await pass(bench, 500);
    const said = bench.take();
    expect(names(said).slice(0, 3)).toEqual(["childJoin", "trustCenterJoin", "childJoin"]);
    expect(said[1]?.value).toMatchObject({ status: 1, policyDecision: 2 });
    expect(said[2]?.value).toMatchObject({ joining: 0 });
  });

  test("a sleepy one: the NCP repeats its announcement under tag 255, which no host sent", async () => {
    const { said, node } = await joined(18, SLEEPY);
    expect(said[0]?.value).toMatchObject({ childType: 4, childId: node.nodeId });
    const own = said.find((each) => each.name === "messageSent");
    expect(own?.value).toMatchObject({
      type: 6,
      indexOrDestination: 0xfffd,
      messageTag: 255,
      apsFrame: { clusterId: 0x0013 },
    });
  });

  test("lookups find it both ways, and it is a child", async () => {
    const { bench, node } = await joined(18);
    const nodeId = node.nodeId ?? 0;
    expect(bench.ask(commands.lookupNodeIdByEui64, { eui64: METER })).toEqual({ status: 0, nodeId });
    expect(bench.ask(commands.lookupEui64ByNodeId, { nodeId })).toEqual({ status: 0, eui64: METER });
    expect(bench.ask(commands.getChildData, { index: 0 })).toMatchObject({
      status: 0,
      childData: { eui64: METER, id: nodeId },
    });
    expect(bench.ask(commands.childIndex, { childId: nodeId }).childIndex).toBe(0);
  });

  test("removed, it leaves: childJoin with joining 0, trustCenterJoin with status left", async () => {
    const { bench, node } = await joined(13);
    const status = bench.ask(commands.removeDevice, {
      destinationShort: node.nodeId ?? 0,
      destinationLong: METER,
      targetLong: METER,
    }).status;
    expect(status).toBe(Status.OK);
    bench.take();
    await pass(bench, 100);
    const said = bench.take();
    expect(names(said)).toEqual(["childJoin", "trustCenterJoin"]);
    expect(said[0]?.value).toMatchObject({ joining: 0 });
    expect(said[1]?.value).toMatchObject({ status: 2 });
  });
});

describe("messages", () => {
  test.each([13, 18])("EZSP %i: encrypted with the link key both ways", async (ezsp) => {
    const { bench, node } = await joined(ezsp);
    const got: ApsMessage[] = [];
    node.onMessage = (message) => void got.push(message);
    bench.send(commands.sendUnicast, {
      type: 0,
      indexOrDestination: node.nodeId ?? 0,
      apsFrame: aps(0x0160),
      messageTag: 0x81,
      message: fromHex("0011223344"),
    });
    await pass(bench, 50);
    expect(names(bench.take())).toEqual(["sendUnicast", "messageSent"]);
    expect(got[0]).toMatchObject({ apsSecurity: true, cluster: 0x0702, payload: fromHex("0011223344") });
    const sent = node.send({
      nodeId: 0,
      profile: 0x0109,
      cluster: 0x0702,
      sourceEndpoint: 1,
      destinationEndpoint: 1,
      apsSecurity: true,
      payload: fromHex("18aabb"),
    });
    await pass(bench, 50);
    expect(await sent).toBe("delivered");
    const heard = bench.take().find((each) => each.name === "incomingMessage");
    expect(heard?.value).toMatchObject({
      sender: node.nodeId,
      apsFrame: { options: 0x0060 },
      message: fromHex("18aabb"),
    });
  });

  test.each([13, 18])("EZSP %i: in fragments, each acknowledged by the host with sendReply", async (ezsp) => {
    const { bench, node } = await joined(ezsp);
    const payload = new SeededRandom(8).bytes(200);
    const sent = node.send({
      nodeId: 0,
      profile: 0x0109,
      cluster: 0x0702,
      sourceEndpoint: 1,
      destinationEndpoint: 1,
      apsSecurity: true,
      payload,
    });
    const parts: Uint8Array[] = [];
    let total = 0;
    for (let round = 0; round < 20; round++) {
      await pass(bench, 10);
      for (const each of bench.take()) {
        if (each.name !== "incomingMessage") continue;
        const { apsFrame, message } = incoming(each, ezsp);
        expect(apsFrame.options & 0x8000).toBe(0x8000);
        const index = apsFrame.groupId & 0xff;
        if (index === 0) total = apsFrame.groupId >> 8;
        parts[index] = Uint8Array.from(message);
        const groupId = index | (0xff << 8);
        bench.ask(commands.sendReply, {
          sender: node.nodeId ?? 0,
          apsFrame: { ...apsFrame, groupId },
          message: new Uint8Array(0),
        });
      }
    }
    expect(await sent).toBe("delivered");
    expect(total).toBe(parts.length);
    expect(Buffer.concat(parts)).toEqual(Buffer.from(payload));
  });

  test("a payload longer than a frame is refused unless it is a fragment", async () => {
    const { bench, node } = await joined(18);
    const status = bench.ask(commands.sendUnicast, {
      type: 0,
      indexOrDestination: node.nodeId ?? 0,
      apsFrame: aps(0x0040),
      messageTag: 1,
      message: new Uint8Array(120),
    }).status;
    expect(status).toBe(Status.MESSAGE_TOO_LONG);
  });

  test("a sleepy child that does not poll: incomingRouteError 0x42, then DELIVERY_FAILED", async () => {
    const { bench, node } = await joined(13, SLEEPY);
    node.stop();
    bench.take();
    bench.send(commands.sendUnicast, {
      type: 0,
      indexOrDestination: node.nodeId ?? bench.stack.nodeIdOf(METER) ?? 0,
      apsFrame: aps(0x0060),
      messageTag: 5,
      message: fromHex("00"),
    });
    await pass(bench, 60_000);
    const said = bench.take();
    expect(names(said).slice(0, 3)).toEqual(["sendUnicast", "incomingRouteError", "messageSent"]);
    expect(said[1]?.frame.parameters[0]).toBe(0x42);
    expect(said[2]?.value).toMatchObject({ status: Status.DELIVERY_FAILED, messageTag: 5 });
  });

  test("polls of a sleepy child are reported only where the host wants to know", async () => {
    const { bench, node } = await joined(13, SLEEPY);
    const polls = () => bench.take().filter((each) => each.name === "poll");
    polls();
    node.poll();
    await pass(bench, 50);
    expect(polls()).toEqual([]);
    bench.ask(commands.setPolicy, {
      policyId: Policy.POLL_HANDLER,
      decisionId: Decision.POLL_HANDLER_CALLBACK,
    });
    node.poll();
    await pass(bench, 50);
    expect(polls()[0]?.value).toEqual({ childId: node.nodeId, transmitExpected: 0 });
  });

  test("as many unicasts as the firmware has room for, and no more", async () => {
    const { bench, node } = await joined(14, SLEEPY);
    const send = () =>
      bench.ask(commands.sendUnicast, {
        type: 0,
        indexOrDestination: node.nodeId ?? 0,
        apsFrame: aps(0x0060),
        messageTag: 1,
        message: fromHex("00"),
      }).status;
    for (let n = 0; n < 10; n++) expect(send()).toBe(Status.OK);
    expect(send()).toBe(Status.MAX_MESSAGE_LIMIT_REACHED);
  });

  test("to an address that nobody has: taken, then DELIVERY_FAILED", async () => {
    const bench = await new NcpBench({ ezsp: 13 }).form();
    bench.send(commands.sendUnicast, {
      type: 0,
      indexOrDestination: 0x4321,
      apsFrame: { ...aps(0x0040), profileId: 0, clusterId: 5 },
      messageTag: 3,
      message: fromHex("000000"),
    });
    await pass(bench, 30_000);
    const said = bench.take();
    expect(names(said)).toEqual(["sendUnicast", "messageSent"]);
    expect(said[0]?.value).toMatchObject({ status: Status.OK });
    expect(said[1]?.value).toMatchObject({ status: Status.DELIVERY_FAILED });
  });

  test("traffic while the host has not started the network again is not reported", async () => {
    const { bench, node } = await joined(13);
    bench.ncp.reset();
    bench.negotiate();
    void node.send({
      nodeId: 0,
      profile: 0x0109,
      cluster: 0x0702,
      sourceEndpoint: 1,
      destinationEndpoint: 1,
      apsSecurity: true,
      payload: fromHex("18aabb"),
    });
    await pass(bench, 50);
    expect(bench.take()).toEqual([]);
  });
});
