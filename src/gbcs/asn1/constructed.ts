import type { DerReader } from "./der-reader.ts";
import type { DerWriter } from "./der-writer.ts";
import { type Schema, type Tagged, tagged, type Value } from "./schema.ts";

/** An OPTIONAL component of a SEQUENCE: its property is absent where the element is. */
export interface Optional<T> {
  readonly presence: "optional";
  readonly schema: Schema<T>;
}
/** A component with a DEFAULT: its property is always there, its element only where it differs. */
export interface Defaulted<T> {
  readonly presence: "default";
  readonly schema: Schema<T>;
  readonly fallback: T;
}

export function optional<T>(schema: Schema<T>): Optional<T> {
  return { presence: "optional", schema };
}
export function withDefault<T extends number | bigint | boolean | string>(
  schema: Schema<T>,
  fallback: NoInfer<T>,
): Defaulted<T> {
  return { presence: "default", schema, fallback };
}

type Component = Schema<unknown> | Optional<unknown> | Defaulted<unknown>;
type Components = Readonly<Record<string, Component>>;
type ComponentValue<C> = C extends { readonly schema: Schema<infer T> } ? T : Value<C>;
type OptionalKeys<C> = {
  [K in keyof C]: C[K] extends Optional<unknown> ? K : never;
}[keyof C];
/** The object that a SEQUENCE decodes to. */
export type SeqValue<C> = {
  readonly [K in Exclude<keyof C, OptionalKeys<C>>]: ComponentValue<C[K]>;
} & {
  readonly [K in OptionalKeys<C>]?: ComponentValue<C[K]> | undefined;
};

interface Step {
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly presence: "required" | "optional" | "default";
  readonly fallback: unknown;
}

function step([name, component]: [string, Component]): Step {
  if (!("presence" in component)) {
    return { name, schema: component, presence: "required", fallback: undefined };
  }
  const fallback = component.presence === "default" ? component.fallback : undefined;
  return { name, schema: component.schema, presence: component.presence, fallback };
}

/** SEQUENCE with its components in this order. Unknown elements after the last are refused. */
export function seq<const C extends Components>(components: C): Tagged<SeqValue<C>> {
  const steps = Object.entries(components).map(step);
  const reversed = steps.toReversed();
  return tagged(
    0x30,
    // The steps build each property from its own schema, which is what SeqValue says of C.
    (reader, end) => reader.within(end, () => readSteps(reader, steps)) as SeqValue<C>,
    (writer, value) => {
      if (typeof value !== "object" || value === null) writer.fail("not an object");
      writeSteps(writer, reversed, value);
    },
  );
}

function readSteps(reader: DerReader, steps: readonly Step[]): object {
  const value: Record<string, unknown> = {};
  for (const { name, schema, presence, fallback } of steps) {
    reader.enter(name);
    if (presence === "required" || schema.starts(reader.peek())) {
      const start = reader.at;
      const found = schema.read(reader);
      if (presence === "default" && found === fallback) {
        reader.fail("decode/value", "the default value is not encoded", start);
      }
      value[name] = found;
    } else if (presence === "default") {
      value[name] = fallback;
    }
    reader.leave();
  }
  return value;
}

function writeSteps(writer: DerWriter, reversed: readonly Step[], value: object): void {
  const properties: Readonly<Record<string, unknown>> = { ...value };
  for (const { name, schema, presence, fallback } of reversed) {
    const property = properties[name];
    if (presence === "optional" && property === undefined) continue;
    if (presence === "default" && property === fallback) continue;
    writer.enter(name);
    schema.write(writer, property);
    writer.leave();
  }
}

/** SEQUENCE OF with `min` to `max` elements. */
export function seqOf<T>(element: Schema<T>, min: number, max: number): Tagged<readonly T[]> {
  return listOf(0x30, element, min, max);
}

/** SET OF with at most one element, the only one for which DER's sorting needs no thought. */
export function setOfOne<T>(element: Schema<T>): Tagged<readonly T[]> {
  return listOf(0x31, element, 1, 1);
}

function listOf<T>(tag: number, element: Schema<T>, min: number, max: number): Tagged<readonly T[]> {
  return tagged(
    tag,
    (reader, end) => {
      const start = reader.at;
      const list = reader.within(end, () => {
        const values: T[] = [];
        while (reader.at < end) {
          reader.enter(values.length);
          if (values.length === max) reader.fail("decode/size", `more than ${max} elements`);
          values.push(element.read(reader));
          reader.leave();
        }
        return values;
      });
      if (list.length < min) reader.fail("decode/length", `fewer than ${min} elements`, start);
      return list;
    },
    (writer, values) => {
      if (!Array.isArray(values) || values.length < min || values.length > max) {
        writer.fail(`not a list of ${min} to ${max} elements`);
      }
      let index = values.length;
      for (const value of values.toReversed()) {
        writer.enter(--index);
        element.write(writer, value);
        writer.leave();
      }
    },
  );
}

type Alternatives = Readonly<Record<string, Schema<unknown>>>;
/** One alternative of a CHOICE by name. */
export type ChoiceValue<A> = {
  [K in keyof A]: { readonly kind: K; readonly value: Value<A[K]> };
}[keyof A];

/** CHOICE: the identifier of the element decides. */
export function choice<const A extends Alternatives>(alternatives: A): Schema<ChoiceValue<A>> {
  const list = Object.entries(alternatives);
  return {
    starts: (tag) => list.some(([, schema]) => schema.starts(tag)),
    read(reader: DerReader) {
      const tag = reader.peek();
      if (tag === -1) reader.fail("decode/truncated", "element is missing");
      const found = list.find(([, schema]) => schema.starts(tag));
      if (found === undefined) reader.fail("decode/value", "none of the alternatives has this tag");
      const [kind, schema] = found;
      // Name and schema come from the same entry of A, which is what ChoiceValue says.
      return { kind, value: schema.read(reader) } as ChoiceValue<A>;
    },
    write(writer: DerWriter, value) {
      if (typeof value !== "object" || value === null) writer.fail("not an alternative");
      const { kind } = value;
      const schema = Object.hasOwn(alternatives, kind) ? alternatives[kind] : undefined;
      if (schema === undefined) writer.fail("none of the alternatives");
      schema.write(writer, value.value);
    },
  };
}

/** `[number] IMPLICIT`: replaces the identifier and keeps the constructed bit. */
export function implicit<T>(number: number, schema: Tagged<T>): Tagged<T> {
  return tagged(0x80 | (schema.tag & 0x20) | number, schema.readContents, schema.writeContents);
}

/** `[number] EXPLICIT`: wraps the element. */
export function explicit<T>(number: number, schema: Schema<T>): Tagged<T> {
  return tagged(
    0xa0 | number,
    (reader, end) => reader.within(end, () => schema.read(reader)),
    (writer, value) => schema.write(writer, value),
  );
}

/** OCTET STRING whose contents are the encoding of one element. */
export function octetsContaining<T>(schema: Schema<T>): Tagged<T> {
  return tagged(
    0x04,
    (reader, end) => reader.within(end, () => schema.read(reader)),
    (writer, value) => schema.write(writer, value),
  );
}

/** The same encoding with another value type; `from` may call `reader.fail`, `to` `writer.fail`. */
export function mapped<A, B>(
  schema: Tagged<A>,
  from: (value: A) => B,
  to: (value: B, writer: DerWriter) => A,
): Tagged<B> {
  return tagged(
    schema.tag,
    (reader, end) => from(schema.readContents(reader, end)),
    (writer, value) => schema.writeContents(writer, to(value, writer)),
  );
}
