import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";

const FOLDER = fileURLToPath(new URL("../../shared/data/", import.meta.url));

/** Path of a file of the published test data beside the checkout, or undefined in a clone that has none. */
export function sharedData(file: string): string | undefined {
  const path = `${FOLDER}${file}`;
  return existsSync(path) ? path : undefined;
}

/** A suite that needs a file of the published test data; without it, it skips itself and says so in one line. */
export function describeShared(name: string, file: string, suite: (path: string) => void): void {
  const path = sharedData(file);
  if (path !== undefined) describe(name, () => suite(path));
  else {
    console.info(`skipped "${name}": ../shared/data/${file} is not there`);
    describe.skip(name, () => {});
  }
}
