import { type Command, say, UsageError } from "./io.ts";

interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  decode: {
    summary: "show a message as a tree, or as JSON",
    load: async () => (await import("./gbcs/decode.ts")).run,
  },
  encode: {
    summary: "turn the JSON of decode back into the message",
    load: async () => (await import("./gbcs/encode.ts")).run,
  },
  build: {
    summary: "make a signed and MACed Command from a use case and its fields",
    load: async () => (await import("./gbcs/build.ts")).run,
  },
  verify: {
    summary: "check MAC and signature of one message, or of a file of them",
    load: async () => (await import("./gbcs/verify.ts")).run,
  },
};

function help(): string {
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  return `Usage: hanway gbcs COMMAND …

Reads, writes and checks GBCS messages.

${lines.join("\n")}

Each takes --help. Example:
  hanway gbcs decode message.hex --json`;
}

/** `hanway gbcs`: dispatches to one file per sub-command. */
export const run: Command = async (args, io) => {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    say(io.stdout, help());
    return name === undefined ? 2 : 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) throw new UsageError(`gbcs has no command "${name.slice(0, 40)}"; see --help`);
  return (await entry.load())(rest, io);
};
