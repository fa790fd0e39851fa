import { HanwayError } from "../base/error.ts";
import { type DataType, dataTypeNamed } from "./data-type.ts";

/** When a field is there: its `field` of the same group equals, holds a bit of, or is at least a number. */
export interface Condition {
  readonly field: string;
  readonly test: "=" | "&" | ">=";
  readonly operand: number;
}

/** How often a field stands there: until the end of the payload, or as often as `count` & `mask` says. */
export type Repeat = "rest" | { readonly count: string; readonly mask: number };

interface Common {
  readonly name: string;
  /** May be cut off at the end of the payload, with everything behind it. */
  readonly optional: boolean;
  readonly conditions: readonly Condition[];
  readonly repeat: Repeat | undefined;
}

/** One field of a command as the tables under `data/` describe it. */
export type Field =
  | (Common & {
      readonly kind: "scalar";
      readonly type: DataType;
      /** Most octets of a string. */
      readonly most: number | undefined;
      /** Name of its enumeration or bitmap in the cluster's value tables. */
      readonly values: string | undefined;
    })
  /** Octets without a length in front: a fixed number of them, one of several numbers, or (with repeat) as given. */
  | (Common & {
      readonly kind: "raw";
      readonly lengths: readonly number[];
      readonly by: { readonly field: string; readonly cases: ReadonlyMap<number, number> } | undefined;
    })
  /** A value of the type that the `dataType` before it names; `change` is there for analog types only. */
  | (Common & { readonly kind: "typed" | "change" })
  /** Which element of a collection is meant (ZCL 2.5.15). */
  | (Common & { readonly kind: "selector" })
  | (Common & { readonly kind: "group"; readonly fields: readonly Field[] })
  | (Common & {
      readonly kind: "select";
      readonly field: string;
      readonly cases: ReadonlyMap<number, readonly Field[]>;
    });

const TOKEN = /\s*([A-Za-z_]\w*|0x[0-9A-Fa-f]+|\d+|>=|[[\](){}?*&=,;:/])/y;

const SHORT: Record<string, string> = {
  u: "uint",
  i: "int",
  e: "enum",
  m: "map",
};
const LONG: Record<string, string> = {
  utc: "UTC",
  date: "date",
  bool: "bool",
  eui64: "EUI64",
  oct: "octstr",
  str: "string",
};

/**
 * Reads the notation of the command tables:
 * ```
 * list    = field *("," field)
 * field   = type name *( "?" | "{" name ("=" | "&" | ">=") number "}" | "*" [name ["&" number]] )
 * type    = u8 i32 e8[:Enum] m8[:Bitmap] utc date bool eui64 | oct[most] str[most]
 *         | raw[length *("/" length)] ["{" name *(value ":" length) "}"] | value | change | selector
 *         | "[" list "]" | "(" name *(value *("," value) ":" [list] ";") ")"
 * ```
 * `*` alone repeats until the end of the payload. Throws `internal` on a table at fault.
 */
export function parseLayout(text: string): readonly Field[] {
  const parser = new LayoutParser(text);
  const fields = parser.atEnd() ? [] : parser.list();
  if (!parser.atEnd()) parser.fail();
  return fields;
}

class LayoutParser {
  readonly #text: string;
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    let end = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
      this.#tokens.push(match[1] ?? "");
      end = TOKEN.lastIndex;
    }
    if (text.slice(end).trim() !== "") this.fail();
  }

  fail(): never {
    throw new HanwayError("internal", `layout "${this.#text}" at token ${this.#at}`, { field: "layout" });
  }
  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }
  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }
  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) return this.fail();
    this.#at++;
    return token;
  }
  #accept(token: string): boolean {
    if (this.#peek() !== token) return false;
    this.#at++;
    return true;
  }
  #expect(token: string): void {
    if (!this.#accept(token)) this.fail();
  }
  #number(): number {
    const value = Number(this.#next());
    return Number.isInteger(value) ? value : this.fail();
  }

  list(): Field[] {
    const fields = [this.#field()];
    while (this.#accept(",")) fields.push(this.#field());
    return fields;
  }

  #field(): Field {
    if (this.#accept("[")) {
      const fields = this.list();
      this.#expect("]");
      return { kind: "group", fields, ...this.#tail() };
    }
    if (this.#accept("(")) return this.#select();
    const type = this.#next();
    if (type === "value") return { kind: "typed", ...this.#tail() };
    if (type === "change" || type === "selector") return { kind: type, ...this.#tail() };
    if (/^raw\d*$/.test(type)) return this.#raw(type.slice(3));
    return this.#scalar(type);
  }

  #tail(): Common {
    const name = this.#next();
    const conditions: Condition[] = [];
    let optional = false;
    let repeat: Repeat | undefined;
    for (;;) {
      if (this.#accept("?")) optional = true;
      else if (this.#accept("{")) conditions.push(this.#condition());
      else if (this.#accept("*")) repeat = this.#repeat();
      else return { name, optional, conditions, repeat };
    }
  }

  #condition(): Condition {
    const field = this.#next();
    const test = this.#next();
    if (test !== "=" && test !== "&" && test !== ">=") return this.fail();
    const operand = this.#number();
    this.#expect("}");
    return { field, test, operand };
  }

  #repeat(): Repeat {
    if (!/^[A-Za-z]/.test(this.#peek() ?? "")) return "rest";
    const count = this.#next();
    return { count, mask: this.#accept("&") ? this.#number() : 0xffff };
  }

  #scalar(token: string): Field {
    const match = /^(?:(oct|str)(\d*)|([uiem])(\d+)|(utc|date|bool|eui64))$/.exec(token);
    if (!match) return this.fail();
    const [, string, most, letter, bits, plain] = match;
    const name = letter === undefined ? LONG[string ?? plain ?? ""] : `${SHORT[letter]}${bits}`;
    const type = dataTypeNamed(name ?? "");
    if (!type) return this.fail();
    const values = this.#accept(":") ? this.#next() : undefined;
    return { kind: "scalar", type, most: most ? Number(most) : undefined, values, ...this.#tail() };
  }

  #raw(first: string): Field {
    const lengths = first === "" ? [] : [Number(first)];
    while (this.#accept("/")) lengths.push(this.#number());
    let by: { field: string; cases: Map<number, number> } | undefined;
    if (this.#accept("{")) {
      by = { field: this.#next(), cases: new Map() };
      while (!this.#accept("}")) {
        const value = this.#number();
        this.#expect(":");
        by.cases.set(value, this.#number());
      }
    }
    return { kind: "raw", lengths, by, ...this.#tail() };
  }

  #select(): Field {
    const field = this.#next();
    const cases = new Map<number, readonly Field[]>();
    while (!this.#accept(")")) {
      const values = [this.#number()];
      while (this.#accept(",")) values.push(this.#number());
      this.#expect(":");
      const fields = this.#peek() === ";" ? [] : this.list();
      this.#expect(";");
      for (const value of values) cases.set(value, fields);
    }
    return { kind: "select", field, cases, ...this.#tail() };
  }
}
