import { setFlagsFromString } from "node:v8";
import { main } from "./cli/main.ts";

// A hub's garbage dies young and it runs for years on a small machine: a young generation that may not grow saves
// 12 MB of resident memory, and costs what a few more short collections cost.
if (process.argv[2] === "run") setFlagsFromString("--semi-space-growth-factor=1");

process.exitCode = await main(process.argv.slice(2));
