import { type ByteReader, type ByteWriter, toHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../base/eui64.ts";

/**
 * One field of an EZSP frame. `version` is the protocol version that both sides agreed on: from 14 statuses have four
 * octets and several commands another layout. Least significant octet first throughout.
 */
export interface Codec<T> {
  read(reader: ByteReader, version: number, field: string): T;
  write(writer: ByteWriter, value: T, version: number, field: string): void;
}

export type ValueOf<C> = C extends Codec<infer T> ? T : never;

export type Fields = Readonly<Record<string, Codec<unknown>>>;

export type RecordValue<F extends Fields> = { [K in keyof F]: ValueOf<F[K]> };

function checked(value: number, low: number, high: number, field: string): number {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new HanwayError("encode/value", `${value} is not within ${low}..${high}`, { field });
  return value;
}

export const u8: Codec<number> = {
  read: (reader, _version, field) => reader.u8(field),
  write: (writer, value, _version, field) => void writer.u8(checked(value, 0, 0xff, field)),
};
export const i8: Codec<number> = {
  read: (reader, _version, field) => reader.i8(field),
  write: (writer, value, _version, field) => void writer.u8(checked(value, -128, 127, field)),
};
export const u16: Codec<number> = {
  read: (reader, _version, field) => reader.u16le(field),
  write: (writer, value, _version, field) => void writer.u16le(checked(value, 0, 0xffff, field)),
};
export const u32: Codec<number> = {
  read: (reader, _version, field) => reader.u32le(field),
  write: (writer, value, _version, field) => void writer.u32le(checked(value, 0, 0xffff_ffff, field)),
};

/** A fixed number of octets. */
export function octets(length: number): Codec<Uint8Array> {
  return {
    read: (reader, _version, field) => reader.take(length, field),
    write: (writer, value, _version, field) => {
      if (value.length !== length)
        throw new HanwayError("encode/value", `${value.length} octets, ${length} wanted`, { field });
      writer.bytes(value);
    },
  };
}

/** A length octet, then that many octets. */
export const payload: Codec<Uint8Array> = {
  read: (reader, _version, field) => reader.take(reader.u8(field), field),
  write: (writer, value, _version, field) => {
    writer.u8(checked(value.length, 0, 0xff, field)).bytes(value);
  },
};

/** Everything up to the end of the frame, unread. */
export const rest: Codec<Uint8Array> = {
  read: (reader) => reader.rest(),
  write: (writer, value) => void writer.bytes(value),
};

/** Everything up to the end of the frame, in 16-bit numbers. */
export const words: Codec<readonly number[]> = {
  read: (reader, _version, field) => {
    const out: number[] = [];
    while (reader.left > 0) out.push(reader.u16le(field));
    return out;
  },
  write: (writer, value, _version, field) => {
    for (const word of value) writer.u16le(checked(word, 0, 0xffff, field));
  },
};

/** A count octet, then that many elements. */
export function listOf<T>(element: Codec<T>): Codec<readonly T[]> {
  return {
    read: (reader, version, field) => {
      const count = reader.u8(field);
      const out: T[] = [];
      for (let index = 0; index < count; index++)
        out.push(element.read(reader, version, `${field}[${index}]`));
      return out;
    },
    write: (writer, value, version, field) => {
      writer.u8(checked(value.length, 0, 0xff, field));
      value.forEach((item, index) => {
        element.write(writer, item, version, `${field}[${index}]`);
      });
    },
  };
}

export const eui64: Codec<Eui64> = {
  read: (reader, _version, field) => eui64FromBytesLE(reader.take(8, field)),
  write: (writer, value) => void writer.bytes(eui64ToBytesLE(value)),
};

/** A field that exists only from one protocol version on; older frames read as `absent` and write nothing. */
export function since<T>(first: number, codec: Codec<T>, absent: T): Codec<T> {
  return {
    read: (reader, version, field) => (version >= first ? codec.read(reader, version, field) : absent),
    write: (writer, value, version, field) => {
      if (version >= first) codec.write(writer, value, version, field);
    },
  };
}

/** A field that newer versions dropped. */
export function until<T>(last: number, codec: Codec<T>, absent: T): Codec<T> {
  return {
    read: (reader, version, field) => (version <= last ? codec.read(reader, version, field) : absent),
    write: (writer, value, version, field) => {
      if (version <= last) codec.write(writer, value, version, field);
    },
  };
}

/** A last field that some hosts leave out. */
export function ifThere<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    read: (reader, version, field) => (reader.left > 0 ? codec.read(reader, version, field) : undefined),
    write: (writer, value, version, field) => {
      if (value !== undefined) codec.write(writer, value, version, field);
    },
  };
}

/** A field whose form changed with a version, its value not. */
export function changed<T>(first: number, before: Codec<T>, from: Codec<T>): Codec<T> {
  const at = (version: number) => (version >= first ? from : before);
  return {
    read: (reader, version, field) => at(version).read(reader, version, field),
    write: (writer, value, version, field) => at(version).write(writer, value, version, field),
  };
}

/**
 * Fields one after the other in the order of their names here. `before14` names another order for protocol
 * versions up to 13; it must list every field.
 */
export function record<F extends Fields>(
  fields: F,
  before14?: readonly (keyof F & string)[],
): Codec<RecordValue<F>> {
  const names: readonly (keyof F & string)[] = Object.keys(fields);
  const order = (version: number) => (version < 14 && before14 ? before14 : names);
  return {
    read: (reader, version, field) => {
      const out: Partial<Record<string, unknown>> = {};
      for (const name of order(version))
        out[name] = fields[name]?.read(reader, version, field === "" ? name : `${field}.${name}`);
      // Every name of `fields` was read just above, with that name's codec.
      return out as RecordValue<F>;
    },
    write: (writer, value, version, field) => {
      for (const name of order(version))
        fields[name]?.write(writer, value[name], version, field === "" ? name : `${field}.${name}`);
    },
  };
}

/** For traces and tests: octet strings as hex, everything else as it is. */
export function printable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (item instanceof Uint8Array ? toHex(item) : item));
}
