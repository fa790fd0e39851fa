import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { type Command, type Io, say, UsageError } from "./io.ts";

const HELP_OPTION = { help: { type: "boolean", short: "h" } } as const;

/** What a command with such options was given. */
export type Given<O extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: O; allowPositionals: true }>
>;

export interface CommandSpec<O extends ParseArgsOptionsConfig> {
  /** What `--help` and `-h` show. */
  readonly help: string;
  readonly options: O;
  /** Takes more than options; without, anything else is a usage error. */
  readonly positionals?: true;
}

/** A sub-command that reads its own options and shows its own help. */
export function command<const O extends ParseArgsOptionsConfig>(
  spec: CommandSpec<O>,
  run: (given: Given<O>, io: Io) => Promise<number>,
): Command {
  return async (args, io) => {
    const options: O & typeof HELP_OPTION = { ...spec.options, ...HELP_OPTION };
    const given = readArgs(() => parseArgs({ args, options, allowPositionals: spec.positionals === true }));
    if (Reflect.get(given.values, "help") === true) {
      say(io.stdout, spec.help);
      return 0;
    }
    return run(given, io);
  };
}

/** `parseArgs` whose complaints are usage errors in one line. */
function readArgs<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof TypeError && "code" in error) throw new UsageError(firstSentence(error.message));
    throw error;
  }
}

function firstSentence(text: string): string {
  return text.split(/\.\s/)[0] ?? text;
}
