import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { clusterCommand } from "../../src/zcl/cluster.ts";
import type { Direction } from "../../src/zcl/header.ts";
import { attribute, attributeNamed, attributes, valueNames } from "../../src/zcl/names.ts";
import { describeShared } from "../shared-data.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Files that importing one file brings along. */
function importsOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, path = ""] of text.matchAll(/^(?:import|export|\}) (?!type ).*from "(\.[^"]+)";$/gm))
    importsOf(join(dirname(file), path), seen);
  return seen;
}

describe("attribute and value names", () => {
  test("an attribute by id and by name, with its type and side", () => {
    expect(attribute(0x0702, 0)).toMatchObject({ name: "CurrentSummationDelivered", side: "server" });
    expect(attribute(0x0702, 0)?.type.name).toBe("uint48");
    expect(attribute(0x0702, 0, "client")).toMatchObject({ name: "FunctionalNotificationFlags" });
    expect(attributeNamed(0x0000, "ManufacturerName")).toMatchObject({ id: 4, most: 32 });
    expect(attribute(0x000a, 1)).toMatchObject({ name: "TimeStatus", values: "TimeStatus" });
    expect(attribute(0x0702, 0x7777)).toBeUndefined();
    expect(attribute(0x7777, 0)).toBeUndefined();
  });

  test("ZCL 2.3: the global attributes are on both sides of every cluster", () => {
    for (const cluster of [0x0000, 0x0702, 0x0709]) {
      for (const side of ["server", "client"] as const) {
        expect(attribute(cluster, 0xfffd, side)?.name).toBe("ClusterRevision");
        expect(attribute(cluster, 0xfffe, side)?.name).toBe("AttributeReportingStatus");
      }
    }
  });

  test("enumerations and bitmaps of a cluster", () => {
    expect(valueNames(0x0702, "MeteringSupplyStatus")?.names.get(2)).toBe("SupplyOn");
    expect(valueNames(0x0705, "CreditStatus")).toMatchObject({ kind: "bits" });
    expect(valueNames(0x0702, "AttributeReportingStatus")?.names.get(1)).toBe("Complete");
    expect(valueNames(0x0702, "Nonsense")).toBeUndefined();
  });

  test("the Tunneling codec brings no table along, and no codec brings attribute names", () => {
    const shortPaths = (file: string) => [...importsOf(join(ROOT, file))].map((path) => relative(ROOT, path));
    expect(shortPaths("src/zcl/tunnelling.ts").filter((path) => path.includes("/data/"))).toEqual([]);
    expect(shortPaths("src/zcl/frame.ts")).toContain("src/zcl/data/commands.ts");
    expect(shortPaths("src/zcl/frame.ts")).not.toContain("src/zcl/names.ts");
  });
});

describeShared("the tables against the facts they were written from", "zcl-se-clusters.json", (path) => {
  interface Facts {
    clusters: {
      id: number;
      attributes: { id: number; side: string; name: string; type: string; length?: number; access: string }[];
      commands: {
        id: number;
        name: string;
        direction: Direction;
        fields: { name: string; optional?: true }[];
      }[];
      enums: { name: string; values: Record<string, number> }[];
      bitmaps: { name: string; masks?: Record<string, number>; values?: Record<string, number> }[];
    }[];
  }
  const facts: Facts = JSON.parse(readFileSync(path, "utf8"));

  test("all 2,579 attributes", () => {
    let count = 0;
    for (const { id: cluster, attributes: wanted } of facts.clusters) {
      const found = new Map(attributes(cluster).map((one) => [`${one.side} ${one.id}`, one]));
      for (const { id, side, name, type, length, access } of wanted) {
        const one = found.get(`${side} ${id}`);
        expect({ ...one, type: one?.type.name }).toMatchObject({
          id,
          name,
          type,
          most: length,
          writable: access === "rw",
        });
        count++;
      }
    }
    expect(count).toBe(2579);
  });

  test("all 163 commands with their fields in order", () => {
    let count = 0;
    for (const { id: cluster, commands } of facts.clusters) {
      for (const { id, name, direction, fields } of commands) {
        const definition = clusterCommand(cluster, direction, id);
        expect(definition?.name).toBe(name);
        expect(definition?.layout.map((field) => [field.name, field.optional])).toEqual(
          fields.map((field) => [field.name, field.optional ?? false]),
        );
        count++;
      }
    }
    expect(count).toBe(163);
  });

  test("all 117 enumerations and bitmaps", () => {
    let count = 0;
    for (const { id, enums, bitmaps } of facts.clusters) {
      for (const one of [...enums, ...bitmaps]) {
        const given = "masks" in one && one.masks ? one.masks : (one.values ?? {});
        const names = valueNames(id, one.name)?.names;
        expect([...(names?.keys() ?? [])]).toEqual([...new Set(Object.values(given))]);
        count++;
      }
    }
    expect(count).toBe(117);
  });
});
