import { afterEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { encodeEnvelope } from "../../src/gbcs/envelope/encode.ts";
import { decodeTunnelling } from "../../src/zcl/tunnelling.ts";
import { BROKER_PARTY, CODE, type HomeOptions, METER, pause, TestHome, until } from "./home.ts";

let home: TestHome;
afterEach(() => home[Symbol.asyncDispose]());

/** What goes through the radio between meter and hub, as `up GET` or `down MAIL`. */
let wire: string[];

async function start(options: HomeOptions = {}): Promise<void> {
  home = await TestHome.start({ type: "gsme", ...options });
  wire = [];
  home.emulator.stack.on((event) => {
    if (event.type !== "incoming" && event.type !== "sent") return;
    const { cluster, payload, fragment } = event.message;
    if (cluster !== 0x0704 || (fragment?.index ?? 0) > 0) return;
    const { command } = decodeTunnelling(payload);
    const what = command?.name === "TransferData" ? transfer(command.data) : command?.name;
    wire.push(`${event.type === "incoming" ? "up" : "down"} ${what}`);
  });
  await home.tunnelOpen();
}

function transfer([prefix, , ...message]: Uint8Array): string | undefined {
  if (prefix === 2 && message.length === 0) return "NOTHING";
  return ["", "GET", "MAIL", "PUT"][prefix ?? 0];
}

/** The meter has asked once after it joined, and sleeps. */
async function asleep(): Promise<void> {
  await until(() => wire.includes("down NOTHING"), "the answer to its first GET");
  wire.length = 0;
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

  it("outlive a restart of the hub, of which the meter does not hear: its first GET is answered at once (A5.4)", async () => {
    await start();
    await asleep();
    const { id, command } = await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    await home.restart();
    wake();
    await until(() => home.uplinks.length === 1, "its Response", 3_000);
    expect(wire.slice(0, 3)).toEqual(["up GET", "down MAIL", "up PUT"]);
    expect(home.atMeter).toEqual([toHex(command)]);
    await until(() => home.stages(id).length === 2, "receipts");
    expect(home.stages(id)).toEqual(["stored", "collected"]);
  });

  it("a meter that wakes while the hub is being restarted has its mail seconds after it", async () => {
    await start();
    await asleep();
    await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    await home.hub[Symbol.asyncDispose]();
    wake();
    await until(() => wire.includes("up GET"), "a GET that only the radio has heard");
    await home.restart();
    await until(() => home.uplinks.length === 1, "its Response", 5_000);
    expect(wire.filter((what) => what === "up RequestTunnel")).toEqual([]);
  });

  it("one that is being handed out when the hub is stopped is handed out to its end, and once", async () => {
    await start();
    await asleep();
    const { id, command } = await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    let restarted: Promise<void> | undefined;
    home.emulator.stack.on((event) => {
      const begun = event.type === "sent" && event.message.fragment?.index === 0;
      if (begun && event.message.cluster === 0x0704) restarted ??= home.restart();
    });
    wake();
    await until(() => restarted !== undefined, "the first block on the air");
    await restarted;
    wake();
    await until(() => home.uplinks.length > 0, "its Response");
    await until(() => wire.includes("down NOTHING"), "the answer to its next GET");
    expect(wire.filter((what) => what === "down MAIL")).toHaveLength(1);
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

describe("what the settings say of the gas meter's mail", () => {
  const small = `
[[device]]
eui64 = "${METER}"
type = "gsme"
installCode = "${toHex(CODE)}"
transferSize = 120`;

  it("transferSize: a message that does not fit is refused with its receipt, one that does goes through", async () => {
    await start({ listed: false, settings: small });
    await asleep();
    const fits = await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    const large = await home.offer(METER, commandOf(119));
    await until(() => home.stages(large).length === 2, "the refusal");
    expect(home.stages(large)).toEqual(["stored", "failed too-large"]);
    const exact = await home.offer(METER, commandOf(118));
    await until(() => waiting() === 2, "two in the mailbox");
    wake();
    await until(() => home.stages(exact).length === 2, "both collected");
    for (const id of [fits.id, exact]) expect(home.stages(id)).toEqual(["stored", "collected"]);
    expect(home.atMeter).toEqual([toHex(fits.command), toHex(commandOf(118))]);
  });

  it.each([
    ["true", "waits on", ["stored"]],
    ["false", "is gone, collected as it was handed out (A6.8)", ["stored", "collected"]],
  ])("untilAcknowledged = %s: a message that the meter loses power over %s", async (setting, _, stages) => {
    await start({ settings: `[mailbox]\nuntilAcknowledged = ${setting}` });
    await asleep();
    const { id } = await offer();
    await until(() => waiting() === 1, "one in the mailbox");
    const [meter] = home.emulator.devices;
    let off = false;
    home.emulator.stack.on(() => {
      if (off || !wire.includes("up GET")) return;
      off = true;
      meter?.stop();
    });
    wake();
    await until(() => off, "a GET, and then no power");
    await until(() => home.stages(id).length === stages.length, "receipts");
    await pause(500);
    expect(home.stages(id)).toEqual(stages);
    expect(waiting()).toBe(stages.length === 1 ? 1 : 0);
    expect(home.atMeter).toEqual([]);
  });
});

/** A Command to the meter of so many octets, for the hub's eyes only. */
function commandOf(octets: number): Uint8Array {
  const nothing = { dateTime: null, supplementary: null, signature: null, mac: null };
  const of = (content: number) =>
    encodeEnvelope({
      kind: "COMMAND",
      counter: 1n,
      originator: BROKER_PARTY,
      target: METER,
      messageCode: 0x0027,
      content: new Uint8Array(content),
      ...nothing,
    });
  return of(octets - of(0).length);
}
