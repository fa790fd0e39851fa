import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/base/bytes.ts";
import { HanwayError } from "../../src/base/error.ts";
import { type CommandDefinition, cluster, clusterIds, generalCommands } from "../../src/zcl/cluster.ts";
import { decodeZcl, encodeZcl } from "../../src/zcl/frame.ts";
import type { ZclFields } from "../../src/zcl/value.ts";
import { arbitraryDamage, arbitraryFields } from "./arbitrary.ts";

const general = generalCommands().map((command): [number, CommandDefinition] => [0x0702, command]);
const specific = clusterIds().flatMap((id) =>
  (cluster(id)?.commands ?? []).map((command): [number, CommandDefinition] => [id, command]),
);
const ALL = [...general, ...specific];

function frameOf(id: number, command: CommandDefinition, fields: ZclFields, sequence = 7): Uint8Array {
  return encodeZcl({
    frameType: command.direction === undefined ? "global" : "cluster",
    direction: command.direction ?? "serverToClient",
    disableDefaultResponse: true,
    sequence,
    command: command.id,
    cluster: id,
    fields,
  });
}

/** Octets decode to values that give the very same octets, or are refused with a field and an offset within them. */
function expectHonest(bytes: Uint8Array, id: number): void {
  try {
    const frame = decodeZcl(bytes, { cluster: id });
    expect(toHex(encodeZcl(frame))).toBe(toHex(bytes));
  } catch (error) {
    if (!(error instanceof HanwayError)) throw error;
    expect(error.code).toMatch(/^decode\//);
    expect(error.field).toBeTruthy();
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.offset).toBeLessThanOrEqual(bytes.length);
  }
}

describe("every command of the 19 Smart Energy clusters and of the foundation", () => {
  test("the tables hold 163 cluster commands and 23 general ones", () => {
    expect(specific.length).toBe(163);
    expect(general.length).toBe(23);
    expect(clusterIds().length).toBe(19);
  });

  test("decodes back to the values it was encoded from", () => {
    for (const [id, command] of ALL) {
      fc.assert(
        fc.property(arbitraryFields(command), (fields) => {
          const frame = decodeZcl(frameOf(id, command, fields), { cluster: id });
          expect(frame.name).toBe(command.name);
          expect(frame.fields).toEqual(fields);
        }),
        { numRuns: 8 },
      );
    }
  });

  test("gives an error with field and offset, or honest values, when cut off at any octet", () => {
    for (const [id, command] of ALL) {
      fc.assert(
        fc.property(arbitraryFields(command), (fields) => {
          const whole = frameOf(id, command, fields);
          for (let length = 0; length < whole.length; length++) expectHonest(whole.subarray(0, length), id);
        }),
        { numRuns: 2 },
      );
    }
  });

  test("gives an error with field and offset, or honest values, when damaged", () => {
    for (const [id, command] of ALL) {
      const damaged = arbitraryFields(command).chain((fields) =>
        arbitraryDamage(frameOf(id, command, fields)),
      );
      fc.assert(
        fc.property(damaged, (bytes) => expectHonest(bytes, id)),
        { numRuns: 10 },
      );
    }
  });

  test("refuses a value that is missing, unknown or of another kind, naming the field", () => {
    for (const [id, command] of ALL) {
      const [first] = command.layout;
      if (first === undefined || first.optional || first.repeat !== undefined) continue;
      expect(() => frameOf(id, command, {}), command.name).toThrow(first.name);
      expect(() => frameOf(id, command, { nonsense: 1 })).toThrow(HanwayError);
    }
  });
});
