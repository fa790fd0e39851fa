import { readdirSync } from "node:fs";
import type { Figure } from "./figure.ts";

/**
 * `npm run bench [name …]`: runs the bench files named (all, in alphabetical order, where none is) and prints one JSON
 * line per figure. Figures are medians or ratios; a figure over its reach is marked, the exit code stays 0: machines
 * differ, and what must hold everywhere is a test.
 */
const folder = new URL("./suites/", import.meta.url);
const wanted = process.argv.slice(2);
for (const file of readdirSync(folder).sort()) {
  const name = file.replace(/\.ts$/, "");
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const suite: { bench(print: (figure: Figure) => void): Promise<void> } = await import(
    new URL(file, folder).href
  );
  await suite.bench((figure) => console.log(JSON.stringify({ bench: name, ...figure, ...reached(figure) })));
}

function reached({ value, reach, better }: Figure): object {
  if (reach === undefined) return {};
  return { reached: better === "more" ? value >= reach : value <= reach };
}
