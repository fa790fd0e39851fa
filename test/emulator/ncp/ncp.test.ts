import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { commands } from "../../../src/emulator/ezsp/commands.ts";
import { EzspStatus, Status } from "../../../src/emulator/ezsp/status.ts";
import { Config, namedProfile, PROFILES, profileForEzsp } from "../../../src/emulator/ncp/profile.ts";
import { NcpBench, type Said } from "./bench.ts";

const VERSIONS = [13, 14, 15, 16, 17, 18, 19];
const aps = {
  profileId: 0x0000,
  clusterId: 0x0005,
  sourceEndpoint: 0,
  destinationEndpoint: 0,
  options: 0x0140,
  groupId: 0,
  sequence: 0,
};

describe("the version command", () => {
  test.each(VERSIONS)(
    "EZSP %i answers the short header with the short one, the long with the long",
    (ezsp) => {
      const bench = new NcpBench({ ezsp });
      bench.ncp.receive(Uint8Array.of(5, 0, 0, 19));
      expect(toHex(bench.raw[0] ?? new Uint8Array(0))).toMatch(
        new RegExp(`^058000${ezsp.toString(16).padStart(2, "0")}02`),
      );
      bench.ncp.receive(Uint8Array.of(6, 0, 1, 0, 0, ezsp));
      expect(toHex(bench.raw[1] ?? new Uint8Array(0))).toMatch(/^0680010000/);
    },
  );

  test("tells the stick's release as a word of digits", () => {
    const word = (name: string) => {
      const bench = new NcpBench({ profile: namedProfile(name) });
      bench.ncp.receive(Uint8Array.of(0, 0, 0, 13));
      return toHex(bench.raw[0]?.subarray(-2) ?? new Uint8Array(0));
    };
    expect(word("slzb-06m")).toBe("1074");
    expect(word("sonoff-dongle-pmg24")).toBe("5074");
    expect(word("sdk-sample-8")).toBe("1080");
  });

  test("anything before it is refused with VERSION_NOT_SET", () => {
    const bench = new NcpBench();
    bench.ncp.receive(Uint8Array.of(1, 0, 1, 5, 0));
    expect(toHex(bench.raw[0] ?? new Uint8Array(0))).toBe("018001580030");
  });
});

describe("commands that the firmware lacks", () => {
  test.each([
    ["CBKE 283k1", commands.generateCbkeKeys283k1.id],
    ["certificate", commands.getCertificate283k1.id],
    ["saving CBKE data", commands.savePreinstalledCbkeData283k1.id],
    ["second radio", commands.multiPhyStart.id],
    ["duty cycle", commands.getDutyCycleState.id],
    ["xNCP", commands.getXncpInfo.id],
    ["an id nobody has given out", 0x3fff],
  ])("%s: invalidCommand with 0x31", (_name, id) => {
    for (const ezsp of [13, 18]) {
      const bench = new NcpBench({ ezsp }).negotiate();
      bench.ncp.receive(Uint8Array.of(9, 0, 1, id & 0xff, id >> 8, 1, 2, 3, 4, 5));
      expect(toHex(bench.raw[0] ?? new Uint8Array(0))).toBe("098001580031");
    }
  });

  test("the libraries for key establishment are stubs, the others there", () => {
    const bench = new NcpBench().negotiate();
    const of = (libraryId: number) => bench.ask(commands.getLibraryStatus, { libraryId }).status;
    for (const cbke of [6, 7, 8, 9, 13, 14, 15, 19]) expect(of(cbke)).toBe(0);
    expect(of(0) & 0x80).toBe(0x80);
    expect(of(4) & 0x80).toBe(0x80);
    expect(of(0x40)).toBe(0xff);
  });
});

describe("configuration as real firmware has it", () => {
  const get = (bench: NcpBench, configId: number) => bench.ask(commands.getConfigurationValue, { configId });
  const set = (bench: NcpBench, configId: number, value: number) =>
    bench.ask(commands.setConfigurationValue, { configId, value }).status;

  test("the default stick reads as published", () => {
    const bench = new NcpBench().negotiate();
    expect(get(bench, Config.KEY_TABLE_SIZE)).toEqual({ status: 0, value: 12 });
    expect(get(bench, Config.APS_UNICAST_MESSAGE_COUNT).value).toBe(100);
    expect(get(bench, Config.FRAGMENT_WINDOW_SIZE).value).toBe(1);
    expect(get(bench, Config.CTUNE_VALUE).value).toBe(140);
    expect(get(bench, Config.TRANSIENT_KEY_TIMEOUT_S).value).toBe(300);
  });

  test("retired ids: 7.4 refuses the read", () => {
    expect(get(new NcpBench({ ezsp: 13 }).negotiate(), 0x29)).toEqual({
      status: EzspStatus.INVALID_ID,
      value: 0,
    });
  });

  test("retired ids: 8.x reads zero", () => {
    expect(get(new NcpBench({ ezsp: 14 }).negotiate(), 0x29)).toEqual({ status: 0, value: 0 });
  });

  test("tables cannot grow, limits cannot be passed, ids must exist", () => {
    const bench = new NcpBench().negotiate();
    expect(set(bench, Config.ADDRESS_TABLE_SIZE, 16)).toBe(EzspStatus.OUT_OF_MEMORY);
    expect(set(bench, Config.APS_UNICAST_MESSAGE_COUNT, 101)).toBe(EzspStatus.OUT_OF_MEMORY);
    expect(set(bench, Config.MULTICAST_TABLE_SIZE, 16)).toBe(EzspStatus.OUT_OF_MEMORY);
    expect(set(bench, Config.KEY_TABLE_SIZE, 13)).toBe(EzspStatus.OUT_OF_MEMORY);
    expect(set(bench, Config.MAX_END_DEVICE_CHILDREN, 33)).toBe(EzspStatus.INVALID_VALUE);
    expect(set(bench, Config.NEIGHBOR_TABLE_SIZE, 32)).toBe(EzspStatus.INVALID_VALUE);
    expect(set(bench, Config.PACKET_BUFFER_COUNT, 100)).toBe(EzspStatus.INVALID_ID);
    expect(set(bench, 0x7f, 1)).toBe(EzspStatus.INVALID_ID);
    expect(set(bench, Config.ADDRESS_TABLE_SIZE, 8)).toBe(EzspStatus.SUCCESS);
    expect(set(bench, Config.KEY_TABLE_SIZE, 0)).toBe(EzspStatus.SUCCESS);
    expect(get(bench, Config.KEY_TABLE_SIZE).value).toBe(0);
  });

  test("some sticks refuse even the size that they have", () => {
    const bench = new NcpBench({ profile: namedProfile("skyconnect") }).negotiate();
    expect(set(bench, Config.ADDRESS_TABLE_SIZE, 16)).toBe(EzspStatus.OUT_OF_MEMORY);
    expect(set(bench, Config.SOURCE_ROUTE_TABLE_SIZE, 201)).toBe(EzspStatus.INVALID_VALUE);
    expect(set(bench, Config.ADDRESS_TABLE_SIZE, 8)).toBe(EzspStatus.SUCCESS);
  });

  test("every profile has all the values of its list", () => {
    for (const profile of PROFILES)
      for (const id of Object.values(Config))
        expect(profile.config[id], `${profile.name} ${id}`).toBeTypeOf("number");
  });

  test("versions outside 13 to 19 are refused by name", () => {
    expect(() => profileForEzsp(12)).toThrow(/13 to 19/);
    expect(() => namedProfile("nope")).toThrow(/sonoff-dongle-pmg24/);
    for (const ezsp of VERSIONS) expect(profileForEzsp(ezsp).ezsp).toBe(ezsp);
  });
});

describe("values and tokens", () => {
  test("VERSION_INFO has seven octets: build, release, type", () => {
    const value = (ezsp: number) =>
      toHex(new NcpBench({ ezsp }).negotiate().ask(commands.getValue, { valueId: 0x11 }).value);
    expect(value(13)).toBe("000007040500aa");
    expect(value(14)).toBe("0e0108000100aa");
    expect(value(18)).toBe("b40108020200aa");
  });

  test("free buffers: 254 before and 252 after formation", async () => {
    const bench = new NcpBench().negotiate();
    const free = () => toHex(bench.ask(commands.getValue, { valueId: 0x03 }).value);
    expect(free()).toBe("fe00");
    await bench.form();
    expect(free()).toBe("fc00");
  });

  test("manufacturing strings: text, then unprogrammed flash", () => {
    const bench = new NcpBench().negotiate();
    const token = (tokenId: number) => toHex(bench.ask(commands.getMfgToken, { tokenId }).data);
    expect(token(1)).toBe(`${Buffer.from("SONOFF").toString("hex")}${"ff".repeat(10)}`);
    expect(token(2)).toBe(Buffer.from("Dongle Plus MG24").toString("hex"));
    expect(token(10)).toBe("ff".repeat(20));
    const bare = new NcpBench({ ezsp: 14 }).negotiate();
    expect(toHex(bare.ask(commands.getMfgToken, { tokenId: 1 }).data)).toBe("ff".repeat(16));
  });

  test("the flags of an endpoint that is not there have two octets all the same", () => {
    const bench = new NcpBench().negotiate();
    const answer = bench.ask(commands.getExtendedValue, { valueId: 0, characteristics: 1 });
    expect(answer.status).not.toBe(0);
    expect(answer.value).toHaveLength(2);
  });

  test("host tokens survive a reset", () => {
    const bench = new NcpBench().negotiate();
    bench.ask(commands.setToken, { tokenId: 3, data: fromHex("0102030405060708") });
    bench.ncp.reset();
    bench.negotiate();
    expect(toHex(bench.ask(commands.getToken, { tokenId: 3 }).data)).toBe("0102030405060708");
    expect(bench.flashed).toBeGreaterThan(0);
  });
});

describe("order of events", () => {
  test("start with nothing stored: networkInit says NOT_JOINED, 0x93 up to EZSP 13", () => {
    const old = new NcpBench({ ezsp: 13 }).negotiate();
    expect(old.ask(commands.networkInit, { bitmask: 3 }).status).toBe(Status.NOT_JOINED);
    expect(toHex(old.raw.at(-1) ?? new Uint8Array(0))).toMatch(/93$/);
    const young = new NcpBench({ ezsp: 14 }).negotiate();
    young.ask(commands.networkInit, { bitmask: 3 });
    expect(toHex(young.raw.at(-1) ?? new Uint8Array(0))).toMatch(/17000000$/);
  });

  test.each(VERSIONS)("EZSP %i: formation answers OK and NETWORK_UP is the next frame", async (ezsp) => {
    const bench = new NcpBench({ ezsp });
    await bench.form();
    const parameters = bench.ask(commands.getNetworkParameters, {});
    expect(parameters).toMatchObject({
      status: 0,
      nodeType: 1,
      parameters: { panId: 0x1a62, radioChannel: 15, radioTxPower: 5 },
    });
    expect(bench.ask(commands.networkState, {}).state).toBe(2);
  });

  test("a reset host finds the network: state 0, init OK, NETWORK_UP, and a second init is refused", async () => {
    const bench = await new NcpBench().form();
    bench.ncp.reset();
    bench.negotiate();
    expect(bench.ask(commands.networkState, {}).state).toBe(0);
    expect(bench.ask(commands.networkInit, { bitmask: 3 }).status).toBe(Status.OK);
    await bench.air.idle();
    expect(bench.callbacks()).toEqual([["stackStatus", { status: Status.NETWORK_UP }]]);
    expect(bench.ask(commands.networkInit, { bitmask: 3 }).status).toBe(Status.INVALID_STATE);
  });

  test("after a restart from flash the network comes back", async () => {
    const first = await new NcpBench().form();
    const bench = new NcpBench({ snapshot: first.stack.snapshot(), flash: first.flash }).negotiate();
    expect(bench.ask(commands.networkInit, { bitmask: 3 }).status).toBe(Status.OK);
    await bench.air.idle();
    expect(bench.callbacks()).toEqual([["stackStatus", { status: Status.NETWORK_UP }]]);
    const counter = bench.ask(commands.getNetworkKeyInfo, {}).info.networkKeyFrameCounter;
    expect(counter).toBeGreaterThanOrEqual(4096);
  });

  test("leaving answers OK, then NETWORK_DOWN, and nothing is left to resume", async () => {
    const bench = await new NcpBench().form();
    expect(bench.ask(commands.leaveNetwork, { options: 0 }).status).toBe(Status.OK);
    await bench.air.idle();
    expect(bench.callbacks()).toEqual([["stackStatus", { status: Status.NETWORK_DOWN }]]);
    expect(bench.ask(commands.networkState, {}).state).toBe(0);
    expect(bench.ask(commands.networkInit, { bitmask: 3 }).status).toBe(Status.NOT_JOINED);
  });

  test("permitJoining announces that the network is open, after the answer", async () => {
    const bench = await new NcpBench().form();
    bench.send(commands.permitJoining, { duration: 60 });
    const said = bench.take();
    expect(said.map((each) => each.name)).toEqual(["permitJoining", "stackStatus"]);
    expect(said[0]?.frame.header.control).toBe(0x84);
    expect(said[1]?.frame.header.control).toBe(0x90);
    expect(said[1]?.value).toEqual({ status: Status.NETWORK_OPENED });
    expect(said[1]?.frame.header.sequence).toBe(said[0]?.frame.header.sequence);
  });

  test("a unicast: answer, messageSent, then the answer of the far end; a loopback has no extra octet", async () => {
    const bench = await new NcpBench({ ezsp: 18 }).form();
    const reply = bench.ask(commands.sendUnicast, {
      type: 0,
      indexOrDestination: 0,
      apsFrame: aps,
      messageTag: 0x1234,
      message: fromHex("010000"),
    });
    expect(reply.status).toBe(Status.OK);
    await bench.air.idle();
    const said = bench.take();
    expect(said.map((each) => each.name)).toEqual(["sendUnicast", "messageSent", "incomingMessage"]);
    expect(said[1]?.value).toMatchObject({
      status: Status.OK,
      messageTag: 0x1234,
      apsFrame: { sequence: reply.sequence },
    });
    expect(said[2]?.value).toMatchObject({ sender: 0, apsFrame: { clusterId: 0x8005 }, addressIndex: 0xff });
    expect(said[2]?.trailing).toHaveLength(0);
  });

  test("an energy scan: one result per channel upwards between -90 and -68 dBm, then scanComplete", () => {
    const bench = new NcpBench().negotiate();
    bench.send(commands.startScan, { scanType: 0, channelMask: 0x07fff800, duration: 3 });
    const said = bench.take();
    expect(said[0]).toMatchObject({ name: "startScan", value: { status: 0 } });
    const results = said.slice(1, -1);
    expect(results).toHaveLength(16);
    results.forEach((each, index) => {
      expect(each.frame.header.control).toBe(0x94);
      const value = each.value;
      if (typeof value !== "object" || value === null || !("channel" in value && "maxRssi" in value))
        throw new Error(each.name);
      expect(value.channel).toBe(11 + index);
      expect(value.maxRssi).toBeGreaterThanOrEqual(-90);
      expect(value.maxRssi).toBeLessThanOrEqual(-68);
    });
    expect(said.at(-1)).toMatchObject({ name: "scanComplete", value: { status: 0 } });
    expect(said.at(-1)?.frame.header.control).toBe(0x90);
  });
});

describe("bad input", () => {
  const isAnswer = (each: Said) => (each.frame.header.control & 0x10) === 0;

  test("a command cut short is refused and the next one served", async () => {
    const bench = await new NcpBench().form();
    bench.ncp.receive(Uint8Array.of(1, 0, 1, commands.sendUnicast.id, 0, 0, 0));
    expect(bench.take()[0]?.name).toBe("invalidCommand");
    expect(bench.ask(commands.getNodeId, {}).nodeId).toBe(0);
  });

  test("octets behind the parameters do no harm", () => {
    const bench = new NcpBench().negotiate();
    expect(bench.ask(commands.getNodeId, {}, fromHex("010203")).nodeId).toBe(0xfffe);
  });

  test("a frame marked as an answer is no command", () => {
    const bench = new NcpBench().negotiate();
    bench.ncp.receive(Uint8Array.of(1, 0x80, 1, 5, 0));
    expect(bench.take()).toEqual([]);
  });

  test("any octets get one answer at most and never stop the NCP", async () => {
    const bench = await new NcpBench({ ezsp: 18 }).form();
    const ids = Object.values(commands).map(({ id }) => id);
    fc.assert(
      fc.property(fc.constantFrom(...ids), fc.uint8Array({ maxLength: 80 }), (id, parameters) => {
        bench.take();
        bench.ncp.receive(Uint8Array.of(7, 0, 1, id & 0xff, id >> 8, ...parameters));
        expect(bench.take().filter(isAnswer)).toHaveLength(1);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 220 }), (noise) => {
        bench.take();
        bench.ncp.receive(noise);
        expect(bench.take().filter(isAnswer).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
