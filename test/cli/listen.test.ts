import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { encodeBlock, gbtSettings, splitMessage } from "../../src/gbcs/gbt/index.ts";
import { buildCommand } from "../../src/headend/command.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { findUseCase } from "../../src/headend/use-case.ts";
import { type LabBroker, startBroker } from "../../src/lab/broker.ts";
import { FakeHub, ROOT, responseTo } from "../headend/fake-hub.ts";
import { CHF, countFrom, ESME, writeTestKeys } from "../headend/parties.ts";
import { hanway } from "./streams.ts";

let folder = "";
let parties: PartyStore;
let broker: LabBroker;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hanway-listen-"));
  writeTestKeys(join(folder, "keys"));
  parties = PartyStore.open(join(folder, "keys"));
  broker = await startBroker();
});
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

/** How `listen` finds the hub. */
function placeOf(broker: string): string[] {
  const hub = ["--tenant", ROOT.tenant, "--hub", CHF];
  return ["--broker", broker, ...hub, "--keys", join(folder, "keys")];
}

/** A listener that hears what the hub sends again and again until it has had enough. */
async function listen(count: number, messages: readonly Uint8Array[], args: string[] = []) {
  await using hub = await FakeHub.start(broker.url, () => {});
  const place = placeOf(broker.url);
  const said = hanway(["listen", ...place, "--count", String(count), ...args]);
  let over = false;
  void said.then(() => {
    over = true;
  });
  while (!over) {
    for (const message of messages) hub.up(ESME, message);
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return said;
}

function response(): Uint8Array {
  const order = {
    target: ESME,
    targetKind: "ESME",
    fields: {},
    useCase: findUseCase("ECS26j", "ESME"),
  } as const;
  return responseTo(buildCommand(order, parties, countFrom(5n)).message, parties);
}

describe("hanway listen", () => {
  it("shows a message a line as JSON, with how its protection stands", async () => {
    const message = response();
    const { code, out } = await listen(2, [message], ["--json"]);
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      kind: "RESPONSE",
      device: ESME,
      useCase: "ECS26j",
      counter: "5",
      mac: "verified",
    });
    expect(lines[0]).toMatchObject({ hex: toHex(message) });
  });

  it("goes on after what is no message", async () => {
    const { code, out } = await listen(2, [Uint8Array.of(1, 2, 3), response()], ["--json"]);
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).kind),
    ).toEqual(["unreadable", "RESPONSE"]);
  });

  it("puts a message that comes in blocks together", async () => {
    const message = response();
    const blocks = splitMessage(message, gbtSettings({ blockOctets: 40 })).map(encodeBlock);
    const { out } = await listen(1, blocks, ["--json"]);
    expect(JSON.parse(out)).toMatchObject({ kind: "RESPONSE", hex: toHex(message) });
  });

  it("tells the loss of the broker once, and hears on when it is there again", async () => {
    const first = await startBroker();
    const place = placeOf(first.url);
    const lost = Promise.withResolvers<void>();
    const said = hanway(["listen", ...place, "--count", "1"], undefined, (text) => {
      if (text.includes("listening")) void first.close();
      if (text.includes("lost")) lost.resolve();
    });
    await lost.promise;
    // Long enough for some attempts in vain.
    await new Promise((wake) => setTimeout(wake, 1_500));
    await using second = await startBroker(first.port);
    await using hub = await FakeHub.start(second.url, () => {});
    const again = setInterval(() => hub.up(ESME, response()), 50);
    const { err } = await said;
    clearInterval(again);
    expect(err.match(/is lost/g)).toHaveLength(1);
    expect(err.match(/there again/g)).toHaveLength(1);
  });

  it("tells people the same", async () => {
    const { out } = await listen(1, [response()]);
    expect(out).toContain("RESPONSE ECS26j");
    expect(out).toContain("MAC verified");
  });
});
