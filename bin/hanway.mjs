#!/usr/bin/env node
// Starts hanway under the Node that the project brings, whatever Node runs this file (20 or newer).
// It replaces nothing and interprets nothing: arguments, signals and the exit code pass straight through.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, "src", "main.ts");
// What Node makes of the TypeScript is kept: later starts are faster and need 30 MB less memory.
const compiled = process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules", ".cache", "hanway");
const major = Number(process.versions.node.split(".")[0]);

if (major >= 24) {
  module.enableCompileCache(compiled);
  await import(pathToFileURL(main).href);
} else {
  const node = projectNode();
  if (node === null) {
    console.error(
      `hanway needs Node 24 and found ${process.version}; run "npm install" in ${root}, or install Node 24.`,
    );
    process.exit(2);
  }
  run(node);
}

/** Path of the Node binary from the platform package, or null where the platform has none. */
function projectNode() {
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), "bin", "node");
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

function run(node) {
  const child = spawn(node, [main, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    console.error(`hanway: cannot start ${node}: ${error.message}`);
    process.exit(2);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
  });
}
