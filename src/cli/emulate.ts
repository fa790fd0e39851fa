import { SystemClock } from "../base/clock.ts";
import { DEVICE_TYPES, type DeviceType } from "../base/device-type.ts";
import { InstallCode } from "../base/install-code.ts";
import { parseFaultPlan, startEmulator } from "../lab/emulator.ts";
import { pairVectors, readVectors } from "../lab/vectors.ts";
import { command, type Given } from "./command.ts";
import { MODEM_HELP, MODEM_OPTIONS, modemOption } from "./emulate-modem.ts";
import {
  argument,
  eui64Option,
  numberOption,
  say,
  shareOption,
  stoppedCode,
  UsageError,
  untilAborted,
} from "./io.ts";

const HELP = `hanway emulate: an emulated Zigbee coordinator (EmberZNet over ASH) with devices on its air, a cellular modem, or both

Usage: hanway emulate --listen tcp://HOST:PORT|pty|pty:PATH [options] [--modem pty:PATH [options]]

  --listen URL       the coordinator's: tcp://127.0.0.1:0 takes a free port; pty makes a pseudo terminal (needs socat)
  --eui64 E          the coordinator's EUI-64 (default 00db1234567890a3)
  --ezsp N           EZSP version spoken, 13 to 19 (default 13)
  --state FILE       what a real stick keeps in flash; without it the network is forgotten at exit
  --seed N           seed of everything drawn by chance (default 1)
  --loss P           share of radio frames lost on the air, 0 to 0.5 (default 0)
  --device SPEC      TYPE:EUI64:INSTALLCODE (code with its CRC); may be given more than once
                     TYPE is one of ${DEVICE_TYPES.join(", ")}; a gsme sleeps and wakes on the half hour
  --test-ca CA       devices have certificates and establish their keys with the hub: a number is the seed of the
                     project's own authority (security.testAuthority of the hub), else a folder made by hanway pki
  --vectors FILE     devices answer recorded Commands of this JSON-lines file with their recorded Responses
  --fault NAME@SEC   may be given more than once: corrupt, drop, stall, reset, error or close, SEC seconds after start
${MODEM_HELP}
  --json             say where they are as one JSON object, {"listening": URL, "modem": URL}

When a host can connect it prints "listening URL" for the coordinator, "modem URL" for the modem; the story goes to
standard error.

Examples:
  hanway emulate --listen tcp://127.0.0.1:4900 --device esme:00db1234567890a0:83FED3407A939723A5C639B26916D505C3B5
  hanway emulate --modem pty:/tmp/modem --modem-fault dead@30-90 --modem-fault lost-registration@120`;

const OPTIONS = {
  listen: { type: "string" },
  eui64: { type: "string" },
  ezsp: { type: "string" },
  state: { type: "string" },
  seed: { type: "string" },
  loss: { type: "string" },
  device: { type: "string", multiple: true },
  "test-ca": { type: "string" },
  vectors: { type: "string" },
  fault: { type: "string", multiple: true },
  ...MODEM_OPTIONS,
  json: { type: "boolean" },
} as const;

/** Options that say something of the coordinator, and nothing without one. */
const OF_THE_COORDINATOR = [
  "eui64",
  "ezsp",
  "state",
  "loss",
  "device",
  "test-ca",
  "vectors",
  "fault",
] as const;

export const run = command({ help: HELP, options: OPTIONS }, async ({ values }, io) => {
  const tell = (line: string) => say(io.stderr, line);
  const coordinator = coordinatorOptions(values);
  const makeModem = modemOption(values, numberOption(values.seed, "seed", 0, 0xffffffff));
  if (coordinator === undefined && makeModem === undefined)
    throw new UsageError("emulate needs --listen, --modem or both; see hanway emulate --help");
  await using scope = new AsyncDisposableStack();
  const places: { listening?: string; modem?: string } = {};
  if (coordinator !== undefined) {
    const emulator = scope.use(await startEmulator({ ...coordinator, tell }));
    places.listening = emulator.url;
  }
  if (makeModem !== undefined) {
    const modem = await makeModem(new SystemClock(), tell);
    scope.defer(() => modem.stop());
    places.modem = modem.url;
  }
  if (values.json === true) say(io.stdout, JSON.stringify(places));
  else for (const [what, url] of Object.entries(places)) say(io.stdout, `${what} ${url}`);
  await untilAborted(io.signal);
  return stoppedCode(io.signal);
});

/** Undefined where there is to be no coordinator. */
function coordinatorOptions(values: Given<typeof OPTIONS>["values"]) {
  if (values.listen === undefined) {
    const idle = OF_THE_COORDINATOR.find((name) => values[name] !== undefined);
    if (idle !== undefined)
      throw new UsageError(`--${idle} is for an emulated coordinator: emulate needs --listen as well`);
    return undefined;
  }
  return {
    listen: values.listen,
    eui64: values.eui64 === undefined ? undefined : eui64Option(values.eui64, "eui64"),
    ezsp: numberOption(values.ezsp, "ezsp", 13, 19),
    stateFile: values.state,
    seed: numberOption(values.seed, "seed", 0, 0xffffffff),
    loss: shareOption(values.loss, "loss", 0.5),
    devices: (values.device ?? []).map(deviceOption),
    testCa: values["test-ca"] === undefined ? undefined : testCaOption(values["test-ca"]),
    vectors: values.vectors === undefined ? undefined : pairVectors(readVectors(values.vectors)),
    faults: (values.fault ?? []).map(parseFaultPlan),
  };
}

function testCaOption(value: string): number | string {
  return /^\d+$/.test(value) ? (numberOption(value, "test-ca", 0, 0xffffffff) ?? 0) : value;
}

function deviceOption(text: string) {
  const match = /^([a-z]+):((?:[0-9a-fA-F]{2}[:-]?){8}):([0-9a-fA-F -]+)$/.exec(text);
  const [, type = "", eui64 = "", code = ""] = match ?? [];
  if (match === null) throw new UsageError("--device takes TYPE:EUI64:INSTALLCODE, the code with its CRC");
  if (!(DEVICE_TYPES as readonly string[]).includes(type)) {
    throw new UsageError(`--device: there is no type "${type}"; allowed are ${DEVICE_TYPES.join(", ")}`);
  }
  return {
    type: type as DeviceType,
    eui64: eui64Option(eui64, "device"),
    installCode: argument(() => InstallCode(code, "--device")),
  };
}
