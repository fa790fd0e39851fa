import { describe, expect, it } from "vitest";
import { encodeBlock, gbtSettings, splitMessage } from "../../src/gbcs/gbt/index.ts";
import { BlockAssembly } from "../../src/headend/assembly.ts";
import { buildCommand } from "../../src/headend/command.ts";
import { findUseCase } from "../../src/headend/use-case.ts";
import { countFrom, ESME, testParties } from "./parties.ts";

const order = { target: ESME, targetKind: "ESME", fields: { message: "long ".repeat(30) } } as const;
const { message } = buildCommand(
  { ...order, useCase: findUseCase("ECS10", "ESME") },
  testParties(),
  countFrom(1n),
);
const blocks = splitMessage(message, gbtSettings({ blockOctets: 50 })).map(encodeBlock);

describe("a listener to blocks", () => {
  it("hands on a whole message as it is", () => {
    expect(new BlockAssembly().take(message)).toBe(message);
  });

  it("joins blocks in any order, also twice", () => {
    const assembly = new BlockAssembly();
    const [first, ...rest] = [...blocks].reverse();
    if (first === undefined) throw new Error("no blocks");
    expect(assembly.take(first)).toBeUndefined();
    expect(assembly.take(first)).toBeUndefined();
    const joined = rest.map((block) => assembly.take(block));
    expect(joined.at(-1)).toEqual(message);
    expect(joined.slice(0, -1).every((one) => one === undefined)).toBe(true);
  });

  it("says nothing of blocks that are damaged or never complete", () => {
    const assembly = new BlockAssembly();
    for (const block of blocks.slice(0, -1)) {
      expect(assembly.take(block)).toBeUndefined();
      expect(assembly.take(block.subarray(0, block.length - 1))).toBeUndefined();
    }
  });
});
