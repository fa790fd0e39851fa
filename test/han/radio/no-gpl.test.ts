import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs a module text in a fresh Node and returns what it writes as JSON. */
function inFreshNode(text: string): unknown {
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", text], {
    cwd: root,
    encoding: "utf8",
  });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout);
}

describe("licence: zigbee-on-host (GPL) is never part of a running hub", () => {
  it("the radio loads nothing of it, nor the driver's main entry and Controller", () => {
    const loaded = inFreshNode(`
      import { createRequire, registerHooks } from "node:module";
      const asked = [];
      registerHooks({ resolve(specifier, context, next) {
        const found = next(specifier, context);
        asked.push(found.url);
        return found;
      } });
      await import("./src/han/radio/ember-radio.ts");
      const required = Object.keys(createRequire(process.cwd() + "/x.js").cache);
      console.log(JSON.stringify([...asked, ...required]));
    `) as string[];
    expect(
      loaded.some((url) => url.includes("zigbee-herdsman/dist/adapter/ember/adapter/emberAdapter")),
    ).toBe(true);
    expect(loaded.filter((url) => url.includes("zigbee-on-host"))).toEqual([]);
    expect(loaded.filter((url) => /zigbee-herdsman\/dist\/(index|controller)/.test(url))).toEqual([]);
  });

  it("requiring it throws, and so does the driver's main entry", () => {
    const errors = inFreshNode(`
      import { createRequire } from "node:module";
      const require = createRequire(process.cwd() + "/x.js");
      const errors = ["zigbee-on-host", "zigbee-on-host/dist/zigbee/zigbee", "zigbee-herdsman"].map((name) => {
        try { require(name); return "loaded"; } catch (error) { return error.message; }
      });
      console.log(JSON.stringify(errors));
    `) as string[];
    for (const error of errors) expect(error).toContain("zigbee-on-host is not part of hanway");
  });
});
