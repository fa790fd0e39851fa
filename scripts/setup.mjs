// Makes a fresh clone ready: installs the packages once, and again whenever package.json changes.
// Plain JavaScript, because the machine's own Node (20 or newer) runs it before the project's Node is there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".hanway-setup");
const wanted = createHash("sha256")
  .update(readFileSync(join(root, "package.json")))
  .digest("hex");

const ready = existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
if (!ready) {
  console.error("hanway: installing packages (once) …");
  // `npm install`, not `npm ci`: a registry that lacks a foreign platform's package makes ci refuse the lock file.
  const npm = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) {
    console.error("hanway: npm install failed; check the network and the npm registry, then try again.");
    process.exit(2);
  }
  // One run of what a person meets first fills the compile cache, so that it does not have to wait for the compiler.
  const warm = ["demo", "run", "emulate"].map((name) => `await import("./src/cli/${name}.ts");`).join("");
  const cache = join(root, "node_modules", ".cache", "hanway");
  const node = join(root, "node_modules", ".bin", "node");
  if (existsSync(node)) {
    const env = { ...process.env, NODE_COMPILE_CACHE: cache };
    spawnSync(node, ["--input-type=module", "-e", warm], { cwd: root, stdio: "ignore", env });
  }
  writeFileSync(stamp, wanted);
}
