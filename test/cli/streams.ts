import { PassThrough } from "node:stream";
import { dispatch } from "../../src/cli/main.ts";

/** What a command line said and returned. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `hanway ARGS` on streams of its own; `heard` gets what it writes to standard error as it comes. */
export async function hanway(
  args: string[],
  signal = new AbortController().signal,
  heard?: (text: string) => void,
): Promise<Said> {
  const stdin = new PassThrough();
  stdin.end();
  const stdout = collected();
  const stderr = collected(heard);
  const code = await dispatch(args, { stdin, stdout: stdout.stream, stderr: stderr.stream, signal });
  return { code, out: stdout.text(), err: stderr.text() };
}

function collected(heard?: (text: string) => void): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk.toString("utf8"));
    heard?.(chunk.toString("utf8"));
  });
  return { stream, text: () => chunks.join("") };
}
