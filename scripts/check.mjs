// What `npm test` runs after set-up: lint, types, tests. Stops at the first that fails.
import { spawnSync } from "node:child_process";

const steps = [
  ["biome", ["check", "."]],
  ["node", ["scripts/doors.mjs"]],
  ["tsc", ["--noEmit"]],
  ["vitest", ["run", ...process.argv.slice(2)]],
];
for (const [command, args] of steps) {
  console.log(`> ${command} ${args.join(" ")}`);
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
