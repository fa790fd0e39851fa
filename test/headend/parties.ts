import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Eui64 } from "../../src/base/eui64.ts";
import { systemRandom } from "../../src/base/random.ts";
import type { Counters } from "../../src/headend/counters.ts";
import { PartyStore } from "../../src/headend/party-store.ts";
import { writePki } from "../../src/headend/pki/folder.ts";
import { createPki } from "../../src/headend/pki/issue.ts";

export const ESME = Eui64("02fa17e0000000a0");
export const GSME = Eui64("02fa17e0000000a1");
export const CHF = Eui64("02fa17e0000000a2");
export const GPF = Eui64("02fa17e0000000a3");
export const PPMID = Eui64("02fa17e0000000a4");

/** Writes a test PKI with one device of each kind into a folder. */
export function writeTestKeys(folder: string): void {
  const devices = [
    { type: "esme", eui64: ESME },
    { type: "gsme", eui64: GSME },
    { type: "chf", eui64: CHF },
    { type: "gpf", eui64: GPF },
    { type: "ppmid", eui64: PPMID },
  ] as const;
  const notBefore = Date.UTC(2026, 0, 1) / 1000;
  writePki(folder, createPki({ devices, parties: new Map(), notBefore }, systemRandom));
}

/** A store of parties with fresh keys; nothing stays on disk. */
export function testParties(): PartyStore {
  const folder = mkdtempSync(join(tmpdir(), "hanway-parties-"));
  try {
    writeTestKeys(join(folder, "keys"));
    return PartyStore.open(join(folder, "keys"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Counters in memory, one sequence for all. */
export function countFrom(first: bigint): Counters {
  let last = first - 1n;
  return { next: () => ++last };
}
