import { afterEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { type HomeOptions, METER, TestHome, until } from "./home.ts";

let home: TestHome;
afterEach(() => home[Symbol.asyncDispose]());

async function start(options: HomeOptions = {}): Promise<void> {
  home = await TestHome.start({ type: "gsme", ...options });
  await home.tunnelOpen();
}

function waiting(): number {
  const last = home.events.filter((event) => event.type === "mailbox").at(-1);
  return last?.type === "mailbox" ? last.waiting : 0;
}

function wake(): void {
  for (const device of home.emulator.devices) device.wake();
}

async function offer(): Promise<{ id: string; command: Uint8Array }> {
  const command = home.samples.command();
  return { id: await home.offer(METER, command), command };
}

describe("Commands for a gas meter that sleeps, through a whole hub (A6)", () => {
  it("wait until it wakes, are collected in order, and are answered", async () => {
    await start();
    const offered = [await offer(), await offer(), await offer()];
    await until(() => waiting() === 3, "three in the mailbox");
    expect(home.atMeter).toEqual([]);
    wake();
    await until(() => home.uplinks.length === 3, "three Responses");
    expect(home.atMeter).toEqual(offered.map(({ command }) => toHex(command)));
    await until(() => offered.every(({ id }) => home.stages(id).length === 2), "receipts");
    for (const { id } of offered) expect(home.stages(id)).toEqual(["stored", "collected"]);
  });

  it("outlive a restart of the hub, and the meter makes its tunnel anew", async () => {
    await start();
    const { id, command } = await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    await home.restart();
    wake();
    await until(() => home.uplinks.length === 1, "its Response");
    expect(home.atMeter).toEqual([toHex(command)]);
    await until(() => home.stages(id).length === 2, "receipts");
    expect(home.stages(id)).toEqual(["stored", "collected"]);
  });

  it("are refused where the mailbox is full, and the others are not hurt", async () => {
    await start({ mailboxDepth: 1 });
    const first = await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    const second = await offer();
    await until(() => home.stages(second.id).length === 2, "the refusal");
    expect(home.stages(second.id)).toEqual(["stored", "failed mailbox-full"]);
    wake();
    await until(() => home.uplinks.length === 1, "the Response to the first");
    expect(home.stages(first.id)).toEqual(["stored", "collected"]);
  });
});
