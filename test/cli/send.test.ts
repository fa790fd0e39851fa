import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import {
  decodeBlock,
  encodeBlock,
  gbtSettings,
  isBlock,
  newReceiver,
  type ReceiverState,
  receiver,
} from "../../src/gbcs/gbt/index.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { type LabBroker, startBroker } from "../../src/lab/broker.ts";
import { type Downlink, FakeHub, ROOT, responseTo } from "../headend/fake-hub.ts";
import { CHF, ESME, GSME, writeTestKeys } from "../headend/parties.ts";
import { hanway, type Said } from "./streams.ts";

let folder = "";
let keys = "";
let parties: PartyStore;
let broker: LabBroker;
let hub: FakeHub | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hanway-send-"));
  keys = join(folder, "keys");
  writeTestKeys(keys);
  parties = PartyStore.open(keys);
});
beforeEach(async () => {
  broker = await startBroker();
});
afterEach(async () => {
  await hub?.[Symbol.asyncDispose]();
  hub = undefined;
  await broker.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Sends while a hub does what the script says. */
async function send(script: (downlink: Downlink) => void, args: string[]): Promise<Said> {
  hub = await FakeHub.start(broker.url, script);
  const place = ["--broker", broker.url, "--tenant", ROOT.tenant, "--hub", CHF, "--keys", keys];
  return hanway(["send", ...place, "--timeout", "20s", "--linger", "50ms", ...args]);
}

const READ = ["ECS26j", "--to", "esme"];
const answer = ({ payload, up }: Downlink) => up(responseTo(payload, parties));

describe("hanway send", () => {
  it("ends with 0 and shows what the device says", async () => {
    const said = await send((downlink) => {
      downlink.receipt("stored");
      downlink.receipt("delivered");
      answer(downlink);
    }, READ);
    expect(said).toMatchObject({ code: 0, err: "" });
    expect(said.out).toContain("ECS26j");
    expect(said.out).toContain("MAC verified");
  });

  it("prints one JSON object and nothing else with --json", async () => {
    const { out, code } = await send(answer, [...READ, "--json"]);
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(out)).toMatchObject({
      useCase: "ECS26j",
      target: ESME,
      outcome: "answered",
      exitCode: 0,
      failures: [],
    });
  });

  it("sends a critical Command with the signature of the supplier", async () => {
    const { code, out } = await send(answer, ["ECS42", "--to", ESME, "--json"]);
    expect(code).toBe(0);
    const command = decodeEnvelope(new Uint8Array(Buffer.from(JSON.parse(out).command, "hex")));
    expect("signature" in command && command.signature).toHaveLength(64);
  });

  it("never uses a counter twice", async () => {
    const first = JSON.parse((await send(answer, [...READ, "--json"])).out);
    await hub?.[Symbol.asyncDispose]();
    const second = JSON.parse((await send(answer, [...READ, "--json"])).out);
    expect(BigInt(second.counter)).toBeGreaterThan(BigInt(first.counter));
  });

  it("takes a Response that the broker delivers twice as one", async () => {
    const { code } = await send(({ payload, up }) => {
      const response = responseTo(payload, parties);
      up(response, ESME, 7);
      up(response, ESME, 7);
    }, READ);
    expect(code).toBe(0);
  });

  it("ends with 10 and the reason of the receipt where the hub refuses", async () => {
    const said = await send(({ receipt }) => receipt("failed", "no-such-device"), READ);
    expect(said.code).toBe(10);
    expect(said.err).toContain("no-such-device");
  });

  it("ends with 11 where the device never answers, and says how far the Command came", async () => {
    const said = await send(({ receipt }) => receipt("delivered"), [...READ, "--timeout", "2s"]);
    expect(said.code).toBe(11);
    expect(said.err).toContain("delivered");
  });

  it("says so where no hub is online at the broker", async () => {
    const said = await send(() => {}, [...READ, "--timeout", "200ms"]);
    expect(said.code).toBe(11);
    expect(said.err).toContain("not online");
  });

  it("ends with 12 where the MAC is wrong", async () => {
    const said = await send(({ payload, up }) => {
      const response = responseTo(payload, parties);
      up(response.with(-1, (response.at(-1) ?? 0) ^ 1));
    }, READ);
    expect(said).toMatchObject({ code: 12 });
    expect(said.err).toContain("wrong-mac");
  });

  it("ends with 12 where the signature is wrong, or is not there", async () => {
    const wrong = await send(
      ({ payload, up }) => {
        const response = responseTo(payload, parties);
        up(response.with(-1, (response.at(-1) ?? 0) ^ 1));
      },
      ["ECS42", "--to", "esme"],
    );
    expect(wrong).toMatchObject({ code: 12 });
    expect(wrong.err).toContain("wrong-signature");
  });

  it("ends with 13 where a second Response comes under the same counter", async () => {
    const said = await send(
      ({ payload, up }) => {
        up(responseTo(payload, parties));
        up(responseTo(payload, parties, { result: 1 }));
      },
      [...READ, "--linger", "20s"],
    );
    expect(said.code).toBe(13);
    expect(said.err).toContain("not the same");
  });

  it("ends with 14 where another device answers", async () => {
    const said = await send(({ payload, up }) => up(responseTo(payload, parties), GSME), READ);
    expect(said.code).toBe(14);
    expect(said.err).toContain(GSME);
  });

  it("ends with 15 where the device says that it did not do it", async () => {
    const said = await send(({ payload, up }) => up(responseTo(payload, parties, { result: 1 })), READ);
    expect(said.code).toBe(15);
    expect(said.err).toMatch(/: hardware-fault/);
    expect(said.err).not.toContain("results[");
  });

  it("says in words what an ASN.1 Response holds", async () => {
    const value = [{ role: 2, status: 25 }];
    const said = await send(
      ({ payload, up }) => {
        up(responseTo(payload, parties, { payload: { format: "ASN.1", value } }));
      },
      ["CS02a", "--to", "esme", "--set", "roles=supplier"],
    );
    expect(said.code).toBe(15);
    expect(said.out).toContain("role: supplier (2)");
    expect(said.err).toContain("trustAnchorNotFound");
  });

  it("ends with 16 where the Response is to another use case", async () => {
    const said = await send(({ payload, up }) => {
      up(responseTo(payload, parties, { change: (response) => ({ ...response, messageCode: 0x27 }) }));
    }, READ);
    expect(said).toMatchObject({ code: 16 });
    expect(said.err).toContain("0x0027");
  });

  it("waits on where what comes is no answer to it, or no message at all", async () => {
    const { code } = await send((downlink) => {
      downlink.up(new Uint8Array(0));
      downlink.up(new TextEncoder().encode("nonsense"));
      downlink.up(downlink.payload);
      downlink.up(
        responseTo(downlink.payload, parties, { change: (one) => ({ ...one, counter: one.counter - 1n }) }),
      );
      downlink.receipt("");
      answer(downlink);
    }, READ);
    expect(code).toBe(0);
  });

  it("goes on under interrupts only to end", async () => {
    const abort = new AbortController();
    hub = await FakeHub.start(broker.url, () => abort.abort("SIGINT"));
    const place = ["--broker", broker.url, "--tenant", ROOT.tenant, "--hub", CHF, "--keys", keys];
    const { code, out } = await hanway(["send", ...READ, ...place, "--json"], abort.signal);
    expect(code).toBe(130);
    expect(JSON.parse(out)).toEqual({ outcome: "interrupted", exitCode: 130 });
  });

  it("sends in blocks what the device does not take in one message, and joins a Response in blocks", async () => {
    const settings = gbtSettings({ blockOctets: 60 });
    let receiving: ReceiverState | undefined;
    let blocks = 0;
    const { code } = await send(
      (downlink) => {
        if (!isBlock(downlink.payload)) return;
        const block = decodeBlock(downlink.payload);
        if (block.cra !== 1) return;
        blocks++;
        const [next, effects] = receiver(receiving ?? newReceiver(block), { type: "block", block }, settings);
        receiving = next;
        for (const effect of effects) {
          if (effect.type === "send") downlink.up(encodeBlock(effect.block));
          if (effect.type === "deliver") answer({ ...downlink, payload: effect.message });
        }
      },
      ["ECS10", "--to", "esme", "--set", `message=${"long ".repeat(20)}`, "--transfer-size", "120"],
    );
    expect(code).toBe(0);
    expect(blocks).toBeGreaterThan(1);
  });
});

describe("hanway send, called wrong", () => {
  const local = (args: string[]) =>
    send(() => {
      throw new Error("nothing may be sent");
    }, args);

  it("ends with 2 for a use case, a value name or a party that does not exist", async () => {
    expect((await local(["XYZ1", "--to", "esme"])).code).toBe(2);
    expect((await local([...READ, "--set", "colour=blue"])).code).toBe(2);
    expect((await local([...READ, "--as", "batman"])).code).toBe(2);
    expect((await local([...READ, "--set", "colour"])).code).toBe(2);
    expect((await local([...READ, "--set", "__proto__=x"])).code).toBe(2);
    expect((await local(["ECS26j", "--to", "toaster"])).code).toBe(2);
    expect((await local(["ECS26j"])).code).toBe(2);
  });

  it("ends with 17 where a key is missing", async () => {
    const said = await local(["ECS26j", "--to", "00db1234567890ff"]);
    expect(said.code).toBe(17);
    expect(said.err).toContain("00db1234567890ff");
  });

  it("ends with 18 for a party that is not allowed, which --force sends all the same", async () => {
    expect((await local(["ECS42", "--to", "esme", "--as", "network-operator"])).code).toBe(18);
    await hub?.[Symbol.asyncDispose]();
    const forced = await send(answer, ["ECS42", "--to", "esme", "--as", "network-operator", "--force"]);
    expect(forced.code).toBe(0);
  });

  it("ends with 19 for a value that does not fit", async () => {
    const said = await local(["CS01a", "--to", "esme", "--set", "utrn=12", "--json"]);
    expect(said.code).toBe(19);
    expect(JSON.parse(said.out)).toMatchObject({ exitCode: 19, outcome: "headend/value" });
  });

  it("ends with 2 where no broker answers, or no keys are there", async () => {
    const port = broker.url;
    await broker.close();
    const place = ["--broker", port, "--hub", CHF, "--keys"];
    expect((await hanway(["send", ...READ, ...place, keys])).code).toBe(2);
    expect((await hanway(["send", ...READ, ...place, join(folder, "nothing")])).code).toBe(2);
  });
});
