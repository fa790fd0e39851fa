import { ByteReader, ByteWriter, concatBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { callbacks } from "./callbacks.ts";
import type { Callback, Command } from "./command.ts";
import { commands } from "./commands.ts";

/**
 * Three headers of EZSP: `legacy` up to version 4 and for the very first `version` command, `widened` in 5 to 7 (an
 * 0xFF and a second control octet before the id) and `extended` from 8, with a 16-bit id.
 */
export type HeaderForm = "legacy" | "widened" | "extended";

export interface EzspHeader {
  form: HeaderForm;
  sequence: number;
  /** Low octet of the frame control. */
  control: number;
  /** High octet: format 1 in extended frames. */
  controlHigh: number;
  id: number;
}

export const FrameControl = {
  RESPONSE: 0x80,
  OVERFLOW: 0x01,
  CALLBACK_PENDING: 0x04,
  SYNCHRONOUS_CALLBACK: 0x08,
  ASYNCHRONOUS_CALLBACK: 0x10,
} as const;

/** Octets of EZSP that fit into one ASH frame. */
export const MAX_FRAME = 220;

export interface EzspFrame {
  header: EzspHeader;
  parameters: Uint8Array;
}

/** Splits header and parameters. Throws `decode/truncated` with the field. */
export function decodeFrame(bytes: Uint8Array, form: HeaderForm): EzspFrame {
  const reader = new ByteReader(bytes);
  const sequence = reader.u8("ezsp.sequence");
  const control = reader.u8("ezsp.frameControl");
  let controlHigh = 0;
  let id: number;
  switch (form) {
    case "legacy":
      id = reader.u8("ezsp.frameId");
      break;
    case "widened": {
      const marker = reader.u8("ezsp.marker");
      if (marker !== 0xff)
        throw new HanwayError("decode/value", `0x${marker.toString(16)} in place of 0xff`, {
          field: "ezsp.marker",
          offset: 2,
        });
      controlHigh = reader.u8("ezsp.frameControlHigh");
      id = reader.u8("ezsp.frameId");
      break;
    }
    case "extended":
      controlHigh = reader.u8("ezsp.frameControlHigh");
      id = reader.u16le("ezsp.frameId");
  }
  return { header: { form, sequence, control, controlHigh, id }, parameters: reader.rest() };
}

export function encodeFrame({ header, parameters }: EzspFrame): Uint8Array {
  const { form, sequence, control, controlHigh, id } = header;
  const head =
    form === "legacy"
      ? Uint8Array.of(sequence, control, id)
      : form === "widened"
        ? Uint8Array.of(sequence, control, 0xff, controlHigh, id)
        : Uint8Array.of(sequence, control, controlHigh, id & 0xff, id >>> 8);
  return concatBytes(head, parameters);
}

/** What a frame says, once its parameters are read. */
export interface Described {
  kind: "command" | "response" | "callback";
  name: string;
  value: unknown;
  /** Octets behind the last known field: firmware adds some, readers must let them pass. */
  trailing: Uint8Array;
  /** The parameters once more, from `value` and `trailing`. */
  encode(): Uint8Array;
}

function find<T extends { id: number; since: number; until: number }>(
  table: Readonly<Record<string, T>>,
  id: number,
  version: number,
): T | undefined {
  return Object.values(table).find(
    (entry) => entry.id === id && entry.since <= version && version <= entry.until,
  );
}

export function findCommand(id: number, version: number): Command<unknown, unknown> | undefined {
  return find<Command<unknown, unknown>>(commands, id, version);
}

export function findCallback(id: number, version: number): Callback<unknown> | undefined {
  return find<Callback<unknown>>(callbacks, id, version);
}

/**
 * Reads a frame's parameters by the tables, for traces and tests. Undefined for an id that the tables lack. Throws
 * `decode/truncated` and its like.
 */
export function describeFrame({ header, parameters }: EzspFrame, version: number): Described | undefined {
  const isResponse = (header.control & FrameControl.RESPONSE) !== 0;
  const unasked =
    isResponse &&
    (header.control & (FrameControl.ASYNCHRONOUS_CALLBACK | FrameControl.SYNCHRONOUS_CALLBACK)) !== 0;
  const asked = findCommand(header.id, version);
  // Old firmware marks callbacks only when they are asynchronous, so the id decides where no command has it.
  const said = unasked || (isResponse && asked === undefined) ? findCallback(header.id, version) : undefined;
  const definition = said ?? asked;
  if (!definition) return undefined;
  const codec =
    "body" in definition ? definition.body : isResponse ? definition.response : definition.request;
  const reader = new ByteReader(parameters);
  const value = codec.read(reader, version, "");
  const trailing = reader.rest();
  return {
    kind: said ? "callback" : isResponse ? "response" : "command",
    name: definition.name,
    value,
    trailing,
    encode: () => {
      const writer = new ByteWriter();
      codec.write(writer, value, version, "");
      return writer.bytes(trailing).done();
    },
  };
}
