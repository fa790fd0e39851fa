import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../../src/base/bytes.ts";
import { HanwayError } from "../../../src/base/error.ts";
import { deframe, emptyDeframer } from "../../../src/emulator/ash/deframer.ts";
import { type AshFrame, decodeAsh, encodeAsh } from "../../../src/emulator/ash/frame.ts";
import {
  decodeFrame,
  describeFrame,
  encodeFrame,
  type HeaderForm,
} from "../../../src/emulator/ezsp/frame.ts";
import { describeShared } from "../../shared-data.ts";

interface Row {
  kind: "ash" | "ezsp";
  direction: "host->ncp" | "ncp->host";
  protocolVersion: number | null;
  hex?: string;
  decoded?: { crcOk?: boolean; ezsp?: string };
  note: string;
}

/** The recordings do not say which header they have; the octets do. */
function formOf(bytes: Uint8Array): HeaderForm {
  if (bytes[2] === 0xff) return "widened";
  return bytes[2] === 1 && bytes.length >= 5 ? "extended" : "legacy";
}

function ashFrame(row: Row): AshFrame {
  const [, found] = deframe(emptyDeframer, fromHex(row.hex ?? ""));
  expect(found).toHaveLength(1);
  const [item] = found;
  if (item?.type !== "frame") throw new Error(row.note);
  return decodeAsh(item.bytes);
}

function checkEzsp(bytes: Uint8Array, row: Row): string {
  const frame = decodeFrame(bytes, formOf(bytes));
  expect(toHex(encodeFrame(frame))).toBe(toHex(bytes));
  const described = describeFrame(frame, row.protocolVersion ?? 5);
  if (!described) throw new Error(`id 0x${frame.header.id.toString(16)} is not in the tables: ${row.note}`);
  expect(toHex(described.encode())).toBe(toHex(frame.parameters));
  return described.name;
}

describeShared("frames recorded on real sticks", "ezsp-recorded.jsonl", (path) => {
  const rows = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line): Row => JSON.parse(line));
  const framed = rows.filter((row) => row.kind === "ash" && row.hex !== undefined);
  const bare = rows.filter((row) => row.kind === "ezsp" && row.hex !== undefined);

  test("every ASH frame decodes and encodes back; the one damaged in the field is refused", () => {
    expect(framed.length).toBeGreaterThan(800);
    for (const row of framed) {
      if (row.decoded?.crcOk === false) {
        expect(() => ashFrame(row)).toThrow(HanwayError);
        continue;
      }
      expect(toHex(encodeAsh(ashFrame(row)))).toBe(row.hex?.replace(/^1a/, ""));
    }
  });

  test("every EZSP frame inside decodes by the tables and encodes back", () => {
    let seen = 0;
    for (const row of framed) {
      if (row.decoded?.ezsp === undefined) continue;
      const frame = ashFrame(row);
      if (frame.type !== "data") throw new Error(row.note);
      expect(toHex(frame.data)).toBe(row.decoded.ezsp);
      checkEzsp(frame.data, row);
      seen++;
    }
    expect(seen).toBeGreaterThan(500);
  });

  test("every EZSP frame recorded without ASH does, too", () => {
    const names = bare.map((row) => checkEzsp(fromHex(row.hex ?? ""), row));
    expect(names.length).toBe(41);
    expect(names).toContain("incomingMessage");
    expect(names).toContain("messageSent");
    expect(names).toContain("childJoin");
  });
});
