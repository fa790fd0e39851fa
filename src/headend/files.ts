import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { HanwayError } from "../base/error.ts";
import { makeFolder } from "../base/folder.ts";

/**
 * Makes a folder that nobody else may enter. One that is there already stays as it is: it may hold other things, and
 * the files themselves are private. Throws `config/unreadable`.
 */
export function makePrivateFolder(path: string): void {
  if (existsSync(path)) return;
  try {
    makeFolder(path, 0o700);
    // mkdir takes the umask off, which may leave too little.
    chmodSync(path, 0o700);
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path} cannot be made: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Writes a file that nobody else may read: whole or not at all, also when the power fails (written beside its place,
 * synced, renamed, and the folder synced). Throws `config/unreadable`.
 */
export function writePrivateFile(path: string, text: string): void {
  const beside = `${path}.${process.pid}.new`;
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
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new HanwayError("config/unreadable", `${path} cannot be written: ${reasonOf(cause)}`, { cause });
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The text of a file. Throws `config/unreadable`. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path}: ${reasonOf(cause)}`, { cause });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES" || code === "EPERM") return "no permission";
  if (code === "ENOSPC") return "the disk is full";
  if (code === "ENOTDIR" || code === "EEXIST") return "a file stands where a folder is needed";
  return "the file system refused";
}
