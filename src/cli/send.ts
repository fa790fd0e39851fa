import { homedir } from "node:os";
import { join } from "node:path";
import { toHex } from "../base/bytes.ts";
import { SystemClock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { systemRandom } from "../base/random.ts";
import { CounterFile } from "../headend/counters.ts";
import { HeadEnd } from "../headend/head-end.ts";
import { findUseCase } from "../headend/use-case.ts";
import { command, type Given } from "./command.ts";
import { readFile } from "./gbcs/input.ts";
import {
  CONNECTION_HELP,
  CONNECTION_OPTIONS,
  type Connection,
  connectionOf,
  targetOf,
} from "./headend/connection.ts";
import { EXIT_CODES, exitCodeOf, type Report, reportJson, reportLines, sentLines } from "./headend/report.ts";
import { durationOption, INTERRUPTED, type Io, numberOption, say, UsageError } from "./io.ts";

const HELP = `hanway send: a Command to a device, and its Response

Usage: hanway send USE-CASE --to DEVICE [--set NAME=VALUE]… [--as PARTY] [options]

Builds the Command, signs it, has the Access Control Broker MAC it, sends it through the hub, waits for the Response,
checks it and shows what it says. "hanway catalogue" finds use cases and shows the values they take.

  USE-CASE          its code (ECS17b), message code (0x0027) or service reference (4.1.1)
  --to DEVICE       an EUI-64, or a type of which there is one: esme, gsme, chf, gpf, ppmid, …
  --set NAME=VALUE  a value of the use case; times as 2026-01-31T12:00:00Z, octets as hex, lists and objects as JSON,
                    @FILE for the octets of a file
  --as PARTY        who sends: supplier, network-operator, acb, … or an EUI-64 (default: who usually does)
  --via-broker      the Access Control Broker sends on behalf of the party, as for one that the device does not know
  --force           the party itself sends, even where the use case does not allow it
${CONNECTION_HELP}
  --counters DIR    where Originator Counters are kept (default: in the folder of the test PKI, or
                    the user's state folder where --keys is a file)
  --transfer-size N octets that the device takes in one message; a larger one goes in blocks (default 1500)
  --timeout TIME    how long the Response is waited for (default 60s); a sleeping meter may take half an hour
  --linger TIME     how long a second Response is looked for behind the first (default 500ms)
  --json            one JSON object on standard output

Exit codes
  0   the device did what it was asked
  2   wrong call: unknown use case or value name, no broker, no keys folder
${EXIT_CODES.map(({ code, words }) => `  ${code}  ${words}`).join("\n")}
  130 interrupted

Examples
  hanway send ECS17b --to esme
  hanway send CS01a --to esme --set utrn=73946144332040217315
  hanway send CCS02 --to chf --set unregister_device=00db1234567890a0 --as supplier`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  json: { type: "boolean" },
  to: { type: "string" },
  set: { type: "string", multiple: true },
  as: { type: "string" },
  force: { type: "boolean" },
  "via-broker": { type: "boolean" },
  counters: { type: "string" },
  "transfer-size": { type: "string" },
  timeout: { type: "string" },
  linger: { type: "string" },
} as const;

type Values = Given<typeof OPTIONS>["values"];

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_LINGER_MS = 500;
const PROGRESS_EVERY_MS = 10_000;

export const run = command(
  { help: HELP, options: OPTIONS, positionals: true },
  async ({ values, positionals }, io) => {
    const [name, ...others] = positionals;
    if (name === undefined || others.length > 0)
      throw new UsageError("send takes one use case; see hanway send --help");
    if (values.to === undefined) throw new UsageError("send needs --to DEVICE; see hanway send --help");
    try {
      return await send(name, values.to, values, io);
    } catch (error) {
      const code = error instanceof HanwayError ? exitCodeOf(error) : undefined;
      if (code === undefined || !(error instanceof HanwayError)) throw error;
      say(io.stderr, `hanway: ${error.message}`);
      if (values.json)
        say(io.stdout, JSON.stringify({ outcome: error.code, exitCode: code, reason: error.message }));
      return code;
    }
  },
);

async function send(name: string, to: string, values: Values, io: Io): Promise<number> {
  const waiting = {
    timeoutMs: durationOption(values.timeout, "timeout") ?? DEFAULT_TIMEOUT_MS,
    lingerMs: durationOption(values.linger, "linger") ?? DEFAULT_LINGER_MS,
  };
  const transferSize = numberOption(values["transfer-size"], "transfer-size", 100, 65_535);
  const connection = connectionOf(values);
  const target = targetOf(to, connection);
  const clock = new SystemClock();
  using counters = CounterFile.open(values.counters ?? connection.parties.folder ?? stateFolder(), clock);
  const { broker, root, parties } = connection;
  const useCase = findUseCase(name, target.kind);
  const order = {
    useCase,
    target: target.eui64,
    targetKind: target.kind,
    fields: settings(values.set ?? []),
  };
  const wish = { as: values.as, force: values.force, viaBroker: values["via-broker"] };
  await using headEnd = await HeadEnd.connect({
    broker,
    root,
    parties,
    counters,
    clock,
    random: systemRandom,
  });
  const command = headEnd.command({ ...order, ...wish });
  if (!values.json) for (const line of sentLines(command, target, parties)) say(io.stdout, line);
  using progress = new Progress(io, clock);
  const stages: string[] = [];
  const outcome = await headEnd.send(command, {
    ...waiting,
    transferSize: transferSize ?? target.transferSize,
    signal: io.signal,
    onAnswer: () => progress.answered(),
    onStage: (stage) => {
      stages.push(stage);
      progress.stage(stage);
    },
  });
  if (io.signal.aborted && outcome.result === "no-answer") {
    if (values.json) say(io.stdout, JSON.stringify({ outcome: "interrupted", exitCode: INTERRUPTED }));
    return INTERRUPTED;
  }
  const { hubOnline } = headEnd;
  const report = { command, target, outcome, stages, tookMs: progress.tookMs(), hubOnline };
  return tell(report, connection, values, io);
}

function tell(report: Report, { parties }: Connection, values: Values, io: Io): number {
  const code = exitCodeOf(report.outcome);
  if (values.json) say(io.stdout, JSON.stringify(reportJson(report, code ?? 1)));
  for (const { line, bad } of reportLines(report, parties)) {
    if (bad) say(io.stderr, `hanway: ${line}`);
    else if (!values.json) say(io.stdout, line);
  }
  return code ?? 1;
}

/** Tells how far a Command has come while it is waited for, on standard error. */
class Progress implements Disposable {
  readonly #io: Io;
  readonly #clock: SystemClock;
  readonly #started: number;
  readonly #timer: NodeJS.Timeout;
  #stage = "sent";
  #answeredMs: number | undefined;

  constructor(io: Io, clock: SystemClock) {
    this.#io = io;
    this.#clock = clock;
    this.#started = clock.elapsed();
    this.#timer = setInterval(() => this.#tell(), PROGRESS_EVERY_MS);
    this.#timer.unref();
  }

  stage(stage: string): void {
    this.#stage = stage;
  }

  answered(): void {
    this.#answeredMs ??= this.tookMs();
  }

  /** Milliseconds until the Response, or until now where there is none. */
  tookMs(): number {
    if (this.#answeredMs !== undefined) return this.#answeredMs;
    return Math.round(this.#clock.elapsed() - this.#started);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #tell(): void {
    const asleep = this.#stage === "stored" ? "; the hub holds it until the meter wakes" : "";
    say(this.#io.stderr, `waiting for ${Math.round(this.tookMs() / 1000)} s (${this.#stage}${asleep})`);
  }
}

/** Where programs of a user keep what they have to remember (XDG Base Directory). */
function stateFolder(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "hanway");
}

function settings(list: readonly string[]): Record<string, string> {
  const given = new Map<string, string>();
  for (const one of list) {
    const at = one.indexOf("=");
    if (at < 1) throw new UsageError(`--set takes NAME=VALUE, not "${one.slice(0, 40)}"`);
    const name = one.slice(0, at);
    if (given.has(name)) throw new UsageError(`--set ${name.slice(0, 40)} is given twice`);
    given.set(name, fromFile(one.slice(at + 1)));
  }
  return Object.fromEntries(given);
}

function fromFile(text: string): string {
  return text.startsWith("@") ? toHex(readFile(text.slice(1))) : text;
}
