import { readFileSync } from "node:fs";
import { fromHex } from "../../src/base/bytes.ts";
import { decodeEnvelope } from "../../src/gbcs/envelope/decode.ts";
import type { Envelope } from "../../src/gbcs/envelope/envelope.ts";

/** One published message. */
export interface Vector {
  readonly useCase: string;
  readonly name: string;
  readonly kind: string;
  readonly envelope: Envelope;
}

/** The published messages of `rtds.jsonl`, their envelopes read. */
export function readVectors(path: string): Vector[] {
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const record: { useCase: string; name: string; kind: string; hex: string } = JSON.parse(line);
      return { ...record, envelope: decodeEnvelope(fromHex(record.hex)) };
    });
}

/** Whether a content is a DLMS APDU, by its first octet. */
export function isDlms(content: Uint8Array): boolean {
  return content[0] === 0xd9 || content[0] === 0xda || content[0] === 0x0f;
}
