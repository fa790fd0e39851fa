import type { ConformanceReport, Level } from "../lab/conformance/report.ts";
import { runConformance } from "../lab/conformance/run.ts";
import { readVectors } from "../lab/vectors.ts";
import { command } from "./command.ts";
import { readKeystoreOption } from "./gbcs/input.ts";
import { INTERRUPTED, type Io, numberOption, say, shareOption, UsageError } from "./io.ts";
import { version } from "./version.ts";

const HELP = `hanway conformance: recorded messages through a whole hub

Usage: hanway conformance --vectors FILE --level relay|execute [--keystore FILE] [--use-case X] [--loss P] [--seed N] [--json]

Starts a broker, an emulated radio with the devices of the file on its air, a hub and a far end in this process, and
runs the file's pairs through them. Two records are a pair when their names are equal but for COMMAND / RESPONSE.

  --vectors FILE    recorded messages as JSON lines: name, kind, hex, useCase
  --keystore FILE   keys and certificates of the parties, a JSON array; level execute needs it
  --level relay     pairs and Alerts of the devices on the HAN: each must arrive octet for octet
  --level execute   pairs and Alerts of the hub itself (CHF, GPF), each on a fresh state: as recorded, changed, and
                    with one bit of the MAC wrong
  --use-case X      only this use case
  --loss P          share of radio frames lost on the emulated air, 0 to 0.3 (default 0)
  --seed N          seed of everything that is drawn by chance on the emulated air (default 1)
  --json            one JSON object on standard output: level, total, passed, failed, notYet, alerts, unpaired,
                    failures, notYetNames

Exit code: 0 every pair passed; 1 some failed, cannot be run yet, or there was none; 2 wrong call, file or
environment; 130 ended by Ctrl-C or SIGTERM.

Example: hanway conformance --vectors rtds.jsonl --keystore rtds-keystore.json --level relay --json`;

const OPTIONS = {
  vectors: { type: "string" },
  keystore: { type: "string" },
  level: { type: "string" },
  "use-case": { type: "string" },
  loss: { type: "string" },
  seed: { type: "string" },
  json: { type: "boolean" },
} as const;

export const run = command({ help: HELP, options: OPTIONS }, async ({ values }, io) => {
  const level = levelOption(values.level);
  if (values.vectors === undefined) throw new UsageError("--vectors FILE is needed");
  if (level === "execute" && values.keystore === undefined) {
    throw new UsageError("--level execute needs --keystore FILE");
  }
  const report = await runConformance({
    level,
    useCase: values["use-case"],
    loss: shareOption(values.loss, "loss"),
    seed: numberOption(values.seed, "seed", 0, 0xffffffff) ?? 1,
    records: readVectors(values.vectors),
    keystore: readKeystoreOption(values.keystore),
    version: version(),
    tell: (line) => say(io.stderr, line),
    signal: io.signal,
  });
  if (values.json === true) say(io.stdout, JSON.stringify(report));
  else tellReport(report, io);
  if (io.signal.aborted) return INTERRUPTED;
  const nothing = report.total + report.alerts === 0;
  return !nothing && report.passed === report.total && report.failures.length === 0 ? 0 : 1;
});

function levelOption(value: string | undefined): Level {
  if (value === "relay" || value === "execute") return value;
  throw new UsageError("--level relay or --level execute is needed");
}

/** Longest piece of a message that a person is shown. */
const SHOWN = 48;

function tellReport(report: ConformanceReport, io: Io): void {
  const { level, total, passed, failed, notYet, alerts, unpaired } = report;
  for (const name of report.notYetNames) say(io.stdout, `not yet  ${name}`);
  for (const { name, kind, field, expected, got } of report.failures) {
    say(io.stdout, `failed   ${name}: ${kind} ${field}`);
    say(io.stdout, `         expected ${shorten(expected)}`);
    say(io.stdout, `         got      ${shorten(got)}`);
  }
  say(
    io.stdout,
    `${level}: ${passed} of ${total} pairs passed, ${failed} failed, ${notYet} not yet; ` +
      `${alerts} alerts passed, ${unpaired} records without a partner`,
  );
}

function shorten(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}... (${text.length} characters)`;
}
