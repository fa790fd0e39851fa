import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HanwayError } from "../../../src/base/error.ts";
import { silentLog } from "../../../src/base/log.ts";
import {
  emptyFlash,
  readStateFile,
  type StateFile,
  writeStateFile,
} from "../../../src/emulator/ncp/flash.ts";
import { StateKeeper } from "../../../src/emulator/ncp/state-keeper.ts";
import { HUB, NcpBench } from "./bench.ts";

let folder = "";
let path = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hanway-flash-"));
  path = join(folder, "ncp.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function state(): Promise<StateFile> {
  const bench = await new NcpBench().form();
  bench.stack.importLinkKey(-1, HUB, new Uint8Array(16).fill(3));
  return {
    format: "hanway-emulated-ncp",
    version: 1,
    eui64: HUB,
    stack: bench.stack.snapshot(),
    ncp: emptyFlash(),
    devices: {
      "00124b0000000011": { outgoingFrameCounter: 1, outgoingApsFrameCounter: 2, trustCenterIncoming: 3 },
    },
  };
}

test("what is written is read back, by its owner alone, and nothing else is left behind", async () => {
  const written = await state();
  writeStateFile(path, written);
  expect(readStateFile(path)).toEqual(written);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["ncp.json"]);
});

test("no file is no state", () => {
  expect(readStateFile(path)).toBeUndefined();
});

test.each([
  ["a counter that is no number", { outgoingFrameCounter: "1" }],
  ["a key of the wrong length", { trustCenterKey: "00" }],
  ["a former key of the wrong length", { formerKey: "zz" }],
  ["half a network", { home: { channel: 11 } }],
])("a device's state with %s is refused", async (_what, damage) => {
  const written = await state();
  const [[eui64, device] = []] = Object.entries(written.devices ?? {});
  writeFileSync(path, JSON.stringify({ ...written, devices: { [String(eui64)]: { ...device, ...damage } } }));
  expect(() => readStateFile(path)).toThrow(expect.objectContaining({ code: "config/unreadable" }));
});

test("a file with any octet changed or cut short is read or refused with a coded error", async () => {
  writeStateFile(path, await state());
  const text = readFileSync(path);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.nat(255), fc.boolean(), (at, octet, cut) => {
      const spoilt = cut ? text.subarray(0, at) : Buffer.from(text);
      if (!cut) spoilt[at] = octet;
      writeFileSync(path, spoilt);
      try {
        const found = readStateFile(path);
        if (found) new NcpBench({ snapshot: found.stack, flash: found.ncp });
      } catch (error) {
        expect(error).toBeInstanceOf(HanwayError);
      }
    }),
    { numRuns: 500 },
  );
});

test("many changes in one turn are written once, and a disk that refuses does not stop the stick", async () => {
  const written = await state();
  let asked = 0;
  const keeper = new StateKeeper(path, silentLog, () => {
    asked++;
    return written;
  });
  for (let n = 0; n < 50; n++) keeper.changed();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(asked).toBe(1);
  keeper.close();
  expect(asked).toBe(2);
  const broken = new StateKeeper(join(path, "below-a-file"), silentLog, () => written);
  broken.changed();
  broken.close();
});
