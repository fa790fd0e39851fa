import { readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Eui64 } from "../../../src/base/eui64.ts";
import { Addresses } from "../../../src/han/radio/addresses.ts";
import { DuplicateFilter } from "../../../src/han/radio/duplicates.ts";
import { MessageTags } from "../../../src/han/radio/message-tags.ts";
import { readNetworkRecord, writeNetworkRecord } from "../../../src/han/radio/network-record.ts";
import { checkRadioPath } from "../../../src/han/radio/port-guard.ts";
import { redact } from "../../../src/han/radio/redact.ts";
import { ownFolder } from "../../own-folder.ts";

describe("network record", () => {
  const folder = ownFolder();

  const record = {
    eui64: Eui64("00:15:5f:00:11:22:33:44"),
    extendedPanId: Eui64("00155f0011223344"),
    panId: 0x1a2b,
    channel: 15,
    networkKey: Uint8Array.from({ length: 16 }, (_, i) => i),
    keySequence: 3,
    frameCounter: 0x10000,
    apsFrameCounter: 0x20000,
  };

  it("comes back as it was written, readable by its owner only", () => {
    const file = folder("data", "radio-network.json");
    writeNetworkRecord(file, record);
    expect(readNetworkRecord(file)).toEqual(record);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is undefined where there is none", () => {
    expect(readNetworkRecord(folder("none.json"))).toBeUndefined();
  });

  it("refuses a damaged file at every length instead of forming a new network, and never quotes it", () => {
    const file = folder("radio-network.json");
    writeNetworkRecord(file, record);
    const text = readFileSync(file, "utf8").trimEnd();
    for (let length = 0; length < text.length; length++) {
      writeFileSync(file, text.slice(0, length));
      expect(() => readNetworkRecord(file)).toThrow(expect.objectContaining({ code: "config/unreadable" }));
    }
    for (const damage of [
      "null",
      "[]",
      '{"eui64":1}',
      text.replace("15,", "99,"),
      text.replace("0001", "zz01"),
    ]) {
      writeFileSync(file, damage);
      expect(() => readNetworkRecord(file)).toThrow(/is damaged/);
      expect(() => readNetworkRecord(file)).not.toThrow(/0a0b0c/);
    }
  });
});

describe("driver log", () => {
  it("shows no payload and no key", () => {
    const key = "00112233445566778899aabbccddeeff";
    for (const message of [
      `ezspIncomingMessageHandler: type=UNICAST messageContents=${key.slice(0, 6)}`,
      `payload=${key}`,
      `key ${key}!`,
      `{"contents":{"type":"Buffer","data":[0,17,34,51]}}`,
    ]) {
      expect(redact(message)).not.toMatch(/0011|0,17/);
    }
  });

  it("keeps the address of a device", () => {
    expect(redact("Device 1:0x00155f0011223344 left")).toContain("0x00155f0011223344");
  });
});

describe("duplicate filter", () => {
  const frame = {
    nodeId: 1,
    apsCounter: 2,
    profile: 0x0109,
    cluster: 0x0702,
    sourceEndpoint: 1,
    destinationEndpoint: 1,
    payload: Uint8Array.of(1, 2, 3),
  };

  it("recognises the same frame until its time is over", () => {
    const filter = new DuplicateFilter(4, 1_000);
    expect(filter.repeated(frame, 0)).toBe(false);
    expect(filter.repeated(frame, 999)).toBe(true);
    expect(filter.repeated(frame, 1_000)).toBe(false);
  });

  it("lets a restarted device use a counter again", () => {
    const filter = new DuplicateFilter(4, 1_000);
    filter.repeated(frame, 0);
    expect(filter.repeated({ ...frame, payload: Uint8Array.of(9) }, 1)).toBe(false);
  });

  it("remembers a bounded number of frames", () => {
    const filter = new DuplicateFilter(4, 1_000);
    for (let apsCounter = 0; apsCounter < 5; apsCounter++) filter.repeated({ ...frame, apsCounter }, 0);
    expect(filter.repeated({ ...frame, apsCounter: 0 }, 1)).toBe(false);
  });
});

describe("addresses", () => {
  it("the newest pair wins on both sides", () => {
    const addresses = new Addresses();
    const [a, b] = [Eui64("0000000000000001"), Eui64("0000000000000002")];
    addresses.learn(0x1000, a);
    addresses.learn(0x2000, a);
    expect(addresses.deviceAt(0x1000)).toBeUndefined();
    addresses.learn(0x2000, b);
    expect(addresses.nodeOf(a)).toBeUndefined();
    expect(addresses.nodeOf(b)).toBe(0x2000);
  });
});

describe("radio path", () => {
  it.each(["tcp://127.0.0.1:6638", "tcp://[::1]:6638", "/dev/ttyUSB0"])("takes %s", (path) => {
    expect(() => checkRadioPath(path)).not.toThrow();
  });
  it.each(["", "tcp://host", "tcp://:1", "http://host:1/", "ttyUSB0", "tcp://host:1/x"])(
    "refuses %j",
    (path) => {
      expect(() => checkRadioPath(path)).toThrow(expect.objectContaining({ code: "config/invalid" }));
    },
  );
});

describe("message tags of the coordinator", () => {
  it("come round; a message that ends late leaves the one alone that has its tag now", () => {
    const tags = new MessageTags();
    const reports: string[] = [];
    const flight = (name: string) => ({ sequence: () => 7, report: () => reports.push(name) });
    const tag = tags.next();
    const forgetFirst = tags.expect(tag, flight("first"));
    forgetFirst();
    while (tags.next() !== tag);
    tags.expect(tag, flight("second"));
    forgetFirst();
    tags.sent(tag, 7, true);
    expect(reports).toEqual(["second"]);
  });

  it("are never given to two messages in flight, and reports under another APS counter are not theirs", () => {
    const tags = new MessageTags();
    const reports: number[] = [];
    const tag = tags.next();
    tags.expect(tag, { sequence: () => 7, report: () => reports.push(tag) });
    for (let i = 0; i < 300; i++) expect(tags.next()).not.toBe(tag);
    tags.sent(tag, 8, true);
    expect(reports).toEqual([]);
  });
});
