import { describe, expect, test } from "vitest";
import { ByteReader } from "../../../src/base/bytes.ts";
import type { ApsMessage } from "../../../src/emulator/stack/coordinator.ts";
import { encodeGeneral } from "../../../src/zcl/frame.ts";
import { readHeader } from "../../../src/zcl/header.ts";
import { seMessage } from "../home.ts";
import { admitted, keyedHome } from "./setup.ts";

const VALUES: Record<number, { attributeId: number; status: number; dataType: number; value: number }[]> = {
  10: [
    { attributeId: 0, status: 0, dataType: 0xe2, value: 848_000_000 },
    { attributeId: 1, status: 0, dataType: 0x18, value: 9 },
  ],
  37: [
    { attributeId: 0, status: 0, dataType: 0x20, value: 5 },
    { attributeId: 1, status: 0, dataType: 0x21, value: 0 },
  ],
};

async function device(answers = true) {
  const keyed = keyedHome();
  const { home, host } = keyed;
  const reads: { cluster: number; at: number; message: ApsMessage }[] = [];
  const state = { answers };
  const before = host.onMessage;
  host.onMessage = (message) => {
    before(message);
    const { cluster, nodeId, payload } = message;
    const { frameType, sequence } = readHeader(new ByteReader(payload));
    if (frameType !== "global") return;
    reads.push({ cluster, at: home.clock.elapsed(), message });
    const records = VALUES[cluster] ?? [];
    const options = { sequence, direction: "serverToClient", disableDefaultResponse: true } as const;
    const back = { cluster, sourceEndpoint: message.destinationEndpoint, apsSecurity: message.apsSecurity };
    if (state.answers)
      home.hub.unicast(seMessage(nodeId, encodeGeneral(cluster, 1, { records }, options), back));
  };
  const made = admitted(keyed, "esme", { routine: {} });
  made.device.start();
  await home.run(1_000);
  return { ...keyed, ...made, reads, state };
}

describe("what devices read at the hub of their own accord", () => {
  test("once keyed: Basic in clear, Time and Keep-Alive under the link key", async () => {
    const { reads, events } = await device();
    expect(reads.map(({ cluster, message }) => [cluster, message.apsSecurity])).toEqual([
      [0x0000, false],
      [0x000a, true],
      [0x0025, true],
    ]);
    expect(events.at(-1)).toEqual({ type: "time", utc: 848_000_000, status: 9 });
  });

  test("Keep-Alive again after TCKeepAliveBase, Time after a day", async () => {
    const { home, reads } = await device();
    await home.run(86_400_000);
    expect(reads.filter(({ cluster }) => cluster === 0x0025)).toHaveLength(1 + 288);
    expect(reads.filter(({ cluster }) => cluster === 0x000a)).toHaveLength(2);
  });

  test("three Keep-Alives without an answer: it looks for its network again", async () => {
    const { home, events, state } = await device();
    state.answers = false;
    await home.run(400_000);
    expect(events.filter(({ type }) => type === "left")).toHaveLength(1);
    expect(events.filter(({ type }) => type === "joined").at(-1)).toMatchObject({ how: "rejoined" });
  });
});
