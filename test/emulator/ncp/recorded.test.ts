import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex } from "../../../src/base/bytes.ts";
import { decodeFrame } from "../../../src/emulator/ezsp/frame.ts";
import { describeShared } from "../../shared-data.ts";
import { NcpBench } from "./bench.ts";

interface Row {
  direction: "host->ncp" | "ncp->host";
  protocolVersion: number | null;
  decoded?: { ezsp?: string };
}

/** Green Power and customer extensions are in no stock firmware; startScan's status grew after the recording. */
const OTHER = new Set([0x13, 0x1a, 0x47, 0x70, 0xc8, 0xc9, 0xdd, 0xdf, 0xe1, 0xe2]);
const ASYNCHRONOUS = 0x18;

describeShared(
  "a session recorded on a real stick, played to the emulated one",
  "ezsp-recorded.jsonl",
  (path) => {
    const frames = readFileSync(path, "utf8")
      .trim()
      .split("\n")
      .map((line): Row => JSON.parse(line))
      .filter((row) => row.protocolVersion === 8 && row.decoded?.ezsp !== undefined)
      .map((row) => ({ ...row, bytes: fromHex(row.decoded?.ezsp ?? "") }))
      .filter(({ bytes }) => bytes[2] === 1);

    test("every answer has the id, the frame control and the length of the recorded one", () => {
      const bench = new NcpBench({ ezsp: 13 }).negotiate();
      let compared = 0;
      for (const [index, { direction, bytes }] of frames.entries()) {
        if (direction !== "host->ncp") continue;
        const asked = decodeFrame(bytes, "extended").header;
        if (OTHER.has(asked.id)) continue;
        const recorded = frames
          .slice(index + 1)
          .find((each) => each.direction === "ncp->host" && each.bytes[0] === asked.sequence);
        if (!recorded || ((recorded.bytes[1] ?? 0) & ASYNCHRONOUS) !== 0) continue;
        bench.ncp.receive(bytes);
        const own = bench.take().find((each) => (each.frame.header.control & ASYNCHRONOUS) === 0);
        const theirs = decodeFrame(recorded.bytes, "extended");
        expect(own?.frame.header).toMatchObject({
          id: theirs.header.id,
          sequence: theirs.header.sequence,
          controlHigh: 1,
        });
        expect((own?.frame.header.control ?? 0) & ~0x04).toBe(theirs.header.control & ~0x04);
        // Values differ from stick to stick; their layout does not.
        if (own?.name !== "getValue" && own?.name !== "getExtendedValue" && own?.name !== "getMfgToken")
          expect(own?.frame.parameters.length, own?.name).toBe(theirs.parameters.length);
        compared++;
      }
      expect(compared).toBeGreaterThan(50);
    });
  },
);
