import { existsSync, statSync } from "node:fs";

/** Where the last good copy of a store lies. */
export function copyPath(store: string): string {
  return `${store}.copy`;
}

/** When the last good copy was made, as ISO 8601; undefined where there is none. */
export function copyMade(store: string): string | undefined {
  const path = copyPath(store);
  return existsSync(path) ? statSync(path).mtime.toISOString() : undefined;
}
