import { type Command, explain, INTERRUPTED, type Io, say } from "./io.ts";
import { version } from "./version.ts";

interface Entry {
  summary: string;
  load: () => Promise<Command>;
}

/** Sub-commands; each loads only what it needs. */
const COMMANDS: Record<string, Entry> = {
  demo: {
    summary: "a whole home on the desk: broker, radio, meter and hub in one process",
    load: async () => (await import("./demo.ts")).run,
  },
  run: {
    summary: "the hub alone, on a radio and a broker of yours",
    load: async () => (await import("./run.ts")).run,
  },
  gbcs: {
    summary: "decode, encode, build and verify GBCS messages",
    load: async () => (await import("./gbcs.ts")).run,
  },
  pair: {
    summary: "lets one device join a running hub, and shows how far it comes",
    load: async () => (await import("./pair.ts")).run,
  },
  devices: {
    summary: "the devices of a running hub",
    load: async () => (await import("./devices.ts")).run,
  },
  unpair: {
    summary: "takes a device off a running hub",
    load: async () => (await import("./unpair.ts")).run,
  },
  send: {
    summary: "a Command to a device, and its Response",
    load: async () => (await import("./send.ts")).run,
  },
  listen: {
    summary: "alerts and Responses as they come up from the hub",
    load: async () => (await import("./listen.ts")).run,
  },
  catalogue: {
    summary: "use cases by words, service reference or device, and the values they take",
    load: async () => (await import("./catalogue.ts")).run,
  },
  conformance: {
    summary: "recorded messages through a whole hub, relayed or executed",
    load: async () => (await import("./conformance.ts")).run,
  },
  pki: {
    summary: "keys and certificates for tests: remote parties, hub and devices",
    load: async () => (await import("./pki.ts")).run,
  },
  emulate: {
    summary:
      "an emulated Zigbee coordinator with devices on its air, a cellular modem, or both, on TCP or a PTY",
    load: async () => (await import("./emulate.ts")).run,
  },
};

/** One Ctrl-C comes more than once: from the terminal to every process, and from the launcher and npm handed on. */
const SAME_SIGNAL_MS = 500;

/** Runs `hanway ARGS` and returns the exit code; the first signal ends it cleanly, the second at once. */
export async function main(args: string[]): Promise<number> {
  const abort = new AbortController();
  let interruptedAt: number | undefined;
  const interrupt = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (interruptedAt === undefined) {
      interruptedAt = now;
      abort.abort(signal);
    } else if (now - interruptedAt > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that went away (`| head`) is no fault of ours; a disk that is full must not pass for a good end.
    if (error.code === "EPIPE") process.exit(0);
    say(process.stderr, `hanway: standard output cannot be written: ${error.message}`);
    process.exit(2);
  });
  // Nobody reads the story: the result still counts.
  process.stderr.on("error", () => {});
  const io: Io = {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: abort.signal,
  };
  return dispatch(args, io);
}

/** The same on any streams. */
export async function dispatch(args: string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    say(io.stdout, usage());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    say(io.stdout, version());
    return 0;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    say(io.stderr, `hanway: there is no command "${name}"; "hanway help" lists them.`);
    return 2;
  }
  try {
    const command = await entry.load();
    return await command(rest, io);
  } catch (error) {
    return io.signal.aborted ? INTERRUPTED : explain(error, io, rest.includes("--json"));
  }
}

function usage(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    "hanway: an open communications hub for GB smart metering",
    "",
    "Usage: hanway COMMAND [options]      hanway COMMAND --help",
    "",
    ...lines,
    "",
    "Example: hanway demo",
  ].join("\n");
}
