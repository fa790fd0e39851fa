import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a file as a whole: written beside its place, synced, renamed, and the folder synced, so that a power cut
 * leaves the old one or the new one. Only its owner may read it. `beside` is where it is written; processes that may
 * write the same file at once need different ones. Throws what the system says.
 */
export function replaceFile(path: string, text: string, beside = `${path}.new`): void {
  try {
    rmSync(beside, { force: true });
    // Exclusive: a link that somebody has put there is not followed.
    const file = openSync(beside, "wx", 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
    syncPath(dirname(path));
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Makes what was written to a file or folder durable. */
export function syncPath(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
