import { PassThrough } from "node:stream";
import { dispatch } from "../../src/cli/main.ts";

/** What a command line said and returned. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `hanway ARGS` on streams of its own. */
export async function hanway(args: string[], signal = new AbortController().signal): Promise<Said> {
  const stdin = new PassThrough();
  stdin.end();
  const stdout = collected();
  const stderr = collected();
  const code = await dispatch(args, { stdin, stdout: stdout.stream, stderr: stderr.stream, signal });
  return { code, out: stdout.text(), err: stderr.text() };
}

function collected(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  const chunks: string[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk.toString("utf8")));
  return { stream, text: () => chunks.join("") };
}
