import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ConfigSchema } from "../../src/app/config.ts";

/** What is needed of a valibot schema to walk it. */
interface Schema {
  readonly type: string;
  readonly wrapped?: Schema;
  readonly default?: unknown;
  readonly pipe?: readonly Schema[];
  readonly item?: Schema;
  readonly entries?: Readonly<Record<string, Schema>>;
}

/** Every setting with what it is when it is left out, as the page writes it. */
function settings(schema: Schema, path = ""): [string, string][] {
  const bare = unwrap(schema);
  const entries = bare.entries ?? (bare.item === undefined ? undefined : unwrap(bare.item).entries);
  if (entries !== undefined) {
    const place = bare.entries === undefined ? `${path}[]` : path;
    return Object.entries(entries).flatMap(([name, entry]) =>
      settings(entry, place === "" ? name : `${place}.${name}`),
    );
  }
  return [[path, leftOut(schema)]];
}

/** Without `optional` and `pipe` around it. */
function unwrap(schema: Schema): Schema {
  const inner = schema.wrapped ?? (schema.type === "array" ? schema.pipe?.[0] : undefined);
  return inner === undefined || inner === schema ? schema : unwrap(inner);
}

function leftOut(schema: Schema): string {
  if (schema.type !== "optional") return "**needed**";
  return schema.default === undefined ? "–" : `\`${JSON.stringify(schema.default)}\``;
}

/** Rows of the page's tables: name of the setting, what it is left out. */
function documented(): [string, string][] {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  return [...page.matchAll(/^\| `([^`]+)` +\| ([^|]+?) +\|/gm)].map((row) => [row[1] ?? "", row[2] ?? ""]);
}

describe("docs/configuration.md", () => {
  it("has every setting there is, with the value it has when it is left out, and no other", () => {
    expect(documented().sort()).toEqual(settings(ConfigSchema as unknown as Schema).sort());
  });
});
