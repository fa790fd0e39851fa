// The door lint: each room under src/ may import only the rooms that the floor plan allows.
// It also keeps zigbee-herdsman behind one module, and its main entry and zigbee-on-host out altogether.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const EVERY_ROOM = "*";

/** room -> rooms it may import (its own is always allowed). See docs/architecture.md. */
const DOORS = {
  base: [],
  zcl: ["base"],
  gbcs: ["base", "zcl"],
  cbke: ["base"],
  store: ["base"],
  scheduler: ["base", "store"],
  han: ["base", "zcl", "cbke", "store", "scheduler"],
  chf: ["base", "gbcs", "han", "store", "scheduler"],
  proxy: ["base", "gbcs", "zcl", "han", "store", "scheduler"],
  wan: ["base", "store", "scheduler"],
  router: ["base", "gbcs", "chf", "proxy", "han", "wan", "store"],
  app: ["base", "zcl", "gbcs", "cbke", "store", "scheduler", "han", "chf", "proxy", "wan", "router"],
  console: ["base"],
  emulator: ["base", "zcl", "gbcs", "cbke"],
  headend: ["base", "gbcs"],
  lab: EVERY_ROOM,
  cli: EVERY_ROOM,
  "main.ts": ["cli"],
};

/** The only module that may reach into zigbee-herdsman, which is pinned and unprotected by semver. */
const HERDSMAN_DOOR = "src/han/radio/herdsman.ts";

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (entry.name.endsWith(".ts")) yield path;
  }
}

/** Checks one file's text; returns one sentence per import that goes through a wall. */
export function checkFile(path, text) {
  const problems = [];
  const room = path.split("/")[1];
  const allowed = DOORS[room];
  if (allowed === undefined) return [`${path}: room "${room}" is not on the floor plan`];
  for (const match of text.matchAll(/(?:from|import|require)\s*\(?\s*["']([^"']+)["']/g)) {
    const target = match[1];
    if (target.startsWith("zigbee-on-host") || target === "zigbee-herdsman") {
      problems.push(`${path}: "${target}" brings GPL code and is never imported`);
    } else if (target.startsWith("zigbee-herdsman/") && path !== HERDSMAN_DOOR) {
      problems.push(`${path}: only ${HERDSMAN_DOOR} may import "${target}"`);
    } else if (target.startsWith(".")) {
      const to = normalize(join(dirname(path), target)).split("/");
      const other = to[1];
      if (to[0] !== "src") problems.push(`${path}: imports "${target}" from outside src`);
      else if (other !== room && allowed !== EVERY_ROOM && !allowed.includes(other))
        problems.push(`${path}: ${room}/ may not import ${other}/ ("${target}")`);
    }
  }
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const problems = [];
  for (const path of sources(join(root, "src")))
    problems.push(...checkFile(relative(root, path), readFileSync(path, "utf8")));
  for (const problem of problems) console.error(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
