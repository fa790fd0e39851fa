import { chmodSync, existsSync, readFileSync } from "node:fs";
import { replaceFile } from "../base/durable-file.ts";
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
 * Writes a file that nobody else may read: whole or not at all, also when the power fails or two processes write it at
 * once. Throws `config/unreadable`.
 */
export function writePrivateFile(path: string, text: string): void {
  try {
    replaceFile(path, text, `${path}.${process.pid}.new`);
  } catch (cause) {
    throw new HanwayError("config/unreadable", `${path} cannot be written: ${reasonOf(cause)}`, { cause });
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
