import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { replaceFile } from "../../src/base/durable-file.ts";
import { ownFolder } from "../own-folder.ts";

const folder = ownFolder();
let path: string;
beforeEach(() => {
  path = folder("keys.json");
});

describe("a file that is replaced as a whole", () => {
  it("has the new text, is its owner's alone, and leaves nothing beside it", () => {
    writeFileSync(path, "old", { mode: 0o644 });
    replaceFile(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder())).toEqual(["keys.json"]);
  });

  it("goes over what a power cut left half written beside it", () => {
    writeFileSync(`${path}.new`, "half a fi", { mode: 0o644 });
    replaceFile(path, "new");
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("does not write through a link that somebody put beside it", () => {
    const other = folder("other");
    writeFileSync(other, "somebody's");
    symlinkSync(other, `${path}.new`);
    replaceFile(path, "secret");
    expect(readFileSync(other, "utf8")).toBe("somebody's");
    expect(readFileSync(path, "utf8")).toBe("secret");
  });

  it("leaves nothing beside where it cannot take the place", () => {
    mkdirSync(path);
    expect(() => replaceFile(path, "secret")).toThrow();
    expect(readdirSync(folder())).toEqual(["keys.json"]);
  });
});
