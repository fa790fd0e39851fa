import { connect, connectAsync } from "mqtt";
import { describe, expect, it } from "vitest";
import type { HanwayError } from "../../src/base/error.ts";
import { startBroker } from "../../src/lab/broker.ts";

describe("embedded broker", () => {
  it("carries a message between two clients and ends their connections when closed", async () => {
    await using broker = await startBroker();
    const reader = await connectAsync(broker.url, { reconnectPeriod: 0 });
    const writer = await connectAsync(broker.url, { reconnectPeriod: 0 });
    const read = new Promise((resolve) => reader.once("message", (_topic, payload) => resolve([...payload])));
    await reader.subscribeAsync("a/b", { qos: 1 });
    await writer.publishAsync("a/b", Buffer.of(1, 0, 255), { qos: 1 });
    expect(await read).toEqual([1, 0, 255]);
    const ended = Promise.all(
      [reader, writer].map((end) => new Promise<void>((done) => end.once("close", done))),
    );
    await broker.close();
    await ended;
  });

  it("keeps sessions and what they wait for over its death", async () => {
    await using broker = await startBroker();
    const reader = await connectAsync(broker.url, { clientId: "reader", clean: false, reconnectPeriod: 0 });
    await reader.subscribeAsync("a/b", { qos: 1 });
    await reader.endAsync(true);
    const writer = await connectAsync(broker.url, { reconnectPeriod: 0 });
    await writer.publishAsync("a/b", "kept", { qos: 1 });
    await broker.close();
    await broker.again();
    const back = connect(broker.url, { clientId: "reader", clean: false, reconnectPeriod: 0 });
    const read = await new Promise((resolve) => back.once("message", (_topic, text) => resolve(`${text}`)));
    expect(read).toBe("kept");
    await back.endAsync(true);
  });

  it("starts again on the port it had", async () => {
    const first = await startBroker();
    await first.close();
    await using second = await startBroker(first.port);
    expect(second.port).toBe(first.port);
  });

  it("says so when the port is taken", async () => {
    await using first = await startBroker();
    await expect(startBroker(first.port)).rejects.toThrow(
      expect.objectContaining({ code: "wan/listen" }) as HanwayError,
    );
  });
});
