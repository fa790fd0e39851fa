import { DerReader, type LengthForm } from "./der-reader.ts";
import { DerWriter } from "./der-writer.ts";

/** Describes one ASN.1 type: reads its DER encoding into a plain value and writes it back. */
export interface Schema<T> {
  /** Whether an element with this identifier octet can be this type; decides OPTIONAL and CHOICE. */
  starts(tag: number): boolean;
  read(reader: DerReader): T;
  write(writer: DerWriter, value: T): void;
}

/** A type with an identifier of its own, which IMPLICIT tagging can replace. */
export interface Tagged<T> extends Schema<T> {
  readonly tag: number;
  /** Reads the contents, which reach from the reader's position to `end`. */
  readContents(reader: DerReader, end: number): T;
  writeContents(writer: DerWriter, value: T): void;
}

/** The TypeScript type of the values of a schema. */
export type Value<S> = S extends Schema<infer T> ? T : never;

export function tagged<T>(
  tag: number,
  readContents: (reader: DerReader, end: number) => T,
  writeContents: (writer: DerWriter, value: T) => void,
): Tagged<T> {
  return {
    tag,
    readContents,
    writeContents,
    starts: (found) => found === tag,
    read: (reader) => readContents(reader, reader.open(tag)),
    write(writer, value) {
      const from = writer.size;
      writeContents(writer, value);
      writer.close(tag, from);
    },
  };
}

/**
 * Decodes exactly one element that fills `bytes`. Octet strings and opaque elements are views into `bytes`.
 * Whatever is accepted encodes back to the same octets. Throws `decode/*` with offset and field path, of which
 * `field` is the first name. `either` takes both forms of lengths, but not mixed.
 */
export function decodeDer<T>(
  schema: Schema<T>,
  bytes: Uint8Array,
  field = "content",
  lengthForm: LengthForm | "either" = "shortest",
): T {
  const reader = new DerReader(bytes, field, lengthForm === "either" ? undefined : lengthForm);
  const value = schema.read(reader);
  reader.expectEnd();
  return value;
}

/** The encoding of a value, DER unless another form of lengths is asked for. Throws `encode/value` with the field path. */
export function encodeDer<T>(
  schema: Schema<T>,
  value: T,
  field = "content",
  lengthForm: LengthForm = "shortest",
): Uint8Array {
  const writer = new DerWriter(field, lengthForm);
  schema.write(writer, value);
  return writer.done();
}
