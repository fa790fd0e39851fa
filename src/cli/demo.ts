import { type Demo, startDemo } from "../lab/demo.ts";
import { DEMO_FAULTS, type DemoFault } from "../lab/fault.ts";
import { pairVectors, readVectors } from "../lab/vectors.ts";
import { command } from "./command.ts";
import {
  durationOption,
  INTERRUPTED,
  numberOption,
  say,
  shareOption,
  UsageError,
  untilAborted,
} from "./io.ts";
import { version } from "./version.ts";

const FAULT_HELP = Object.entries(DEMO_FAULTS)
  .map(([name, what]) => `${name.padEnd(11)} ${what}`)
  .join("\n                     ");

const HELP = `hanway demo: a whole smart-meter home on the desk, in one process

Usage: hanway demo [--vectors FILE] [--exit-when-done | --exit-after TIME] [--json] [--seed N] [--loss P]
                   [--fault NAME]

An embedded MQTT broker, an emulated Zigbee coordinator with an electricity meter on its air, the hub between them,
and a far end that sends messages. Ctrl-C ends it with a summary.

  --vectors FILE     offer every recorded ESME Command of a JSON-lines file at the broker instead; the meter must
                     receive exactly those octets and answers with the recorded Response
  --exit-when-done   end when everything offered has arrived, or 20 s after the last arrival (60 s with a fault)
  --exit-after TIME  end after this time (20s, 1m); nothing is offered in the last 2 s
  --json             one JSON object on standard output at the end; the story goes to standard error
  --seed N           seed of everything that is drawn by chance on the emulated air (default 1)
  --loss P           share of radio frames lost on the emulated air, 0 to 0.3 (default 0)
  --fault NAME       break something once while messages are under way, mend it and show that nothing is lost:
                     ${FAULT_HELP}
  --broker-port N    port of the embedded broker on 127.0.0.1 (default: any free one)

Exit code: 0 everything offered has arrived; 1 not, or a fault was not recovered from; 2 wrong call, file or
environment; 130 ended by Ctrl-C or SIGTERM.

Example: hanway demo --vectors rtds.jsonl --exit-when-done --json`;

const OPTIONS = {
  vectors: { type: "string" },
  "exit-when-done": { type: "boolean" },
  "exit-after": { type: "string" },
  json: { type: "boolean" },
  seed: { type: "string" },
  loss: { type: "string" },
  "broker-port": { type: "string" },
  fault: { type: "string" },
} as const;

export const run = command({ help: HELP, options: OPTIONS }, async ({ values }, io) => {
  if (values["exit-when-done"] && values["exit-after"] !== undefined) {
    throw new UsageError("--exit-when-done and --exit-after cannot be used together");
  }
  const exitAfterMs = durationOption(values["exit-after"], "exit-after");
  const seed = numberOption(values.seed, "seed", 0, 0xffffffff) ?? 1;
  const loss = shareOption(values.loss, "loss");
  const brokerPort = numberOption(values["broker-port"], "broker-port", 0, 65_535) ?? 0;
  const vectors = values.vectors === undefined ? undefined : pairVectors(readVectors(values.vectors));
  const story = values.json === true ? io.stderr : io.stdout;

  await using running: Demo = await startDemo({
    vectors,
    exitWhenDone: values["exit-when-done"] === true,
    exitAfterMs,
    seed,
    loss,
    brokerPort,
    fault: faultOption(values.fault),
    version: version(),
    tell: (line) => say(story, line),
  });
  await Promise.race([running.done, untilAborted(io.signal)]);
  const summary = await running.finish();
  if (values.json === true) say(io.stdout, JSON.stringify(summary));
  if (io.signal.aborted) return INTERRUPTED;
  const recovered = summary.fault === undefined || summary.fault.recoveredMs !== null;
  const arrived = summary.mismatched === 0 && summary.lost === 0;
  const good = summary.formed && summary.joined > 0 && arrived && recovered;
  return good ? 0 : 1;
});

function faultOption(value: string | undefined): DemoFault | undefined {
  if (value === undefined) return undefined;
  const names = Object.keys(DEMO_FAULTS).filter((name): name is DemoFault => name in DEMO_FAULTS);
  const fault = names.find((name) => name === value);
  if (fault === undefined) {
    throw new UsageError(`--fault: there is no "${value.slice(0, 40)}"; there are ${names.join(", ")}`);
  }
  return fault;
}
