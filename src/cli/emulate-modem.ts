import type { Clock } from "../base/clock.ts";
import { MODEM_FAULT_NAMES, modemFaultPlan } from "../emulator/modem/faults.ts";
import { createEmulatedModem, type EmulatedModem } from "../emulator/modem/modem.ts";
import { argument, UsageError } from "./io.ts";

/** The part of the help that is about the modem. */
export const MODEM_HELP = `\
  --modem URL        an emulated cellular modem with its SIM and network, alone or beside the radio: pty:PATH names its
                     pseudo terminal, pty makes one of any name (needs socat), tcp://127.0.0.1:0 takes a free port
  --modem-pin PIN    its SIM asks for this PIN, 4 to 8 digits
  --modem-fault F    may be given more than once: NAME from the start, NAME@SEC from then on, NAME@SEC-SEC for a while;
                     NAME is one of ${wrapped(MODEM_FAULT_NAMES)}`;

export const MODEM_OPTIONS = {
  modem: { type: "string" },
  "modem-pin": { type: "string" },
  "modem-fault": { type: "string", multiple: true },
} as const;

interface ModemValues {
  readonly modem?: string | undefined;
  readonly "modem-pin"?: string | undefined;
  readonly "modem-fault"?: readonly string[] | undefined;
}

/** Reads the options; undefined where there is to be no modem. What it returns makes one. Throws UsageError. */
export function modemOption(
  values: ModemValues,
  seed: number | undefined,
): ((clock: Clock, tell: (line: string) => void) => Promise<EmulatedModem>) | undefined {
  const { modem: listen, "modem-pin": pin, "modem-fault": faults = [] } = values;
  if (listen === undefined) {
    if (pin !== undefined || faults.length > 0)
      throw new UsageError("--modem-pin and --modem-fault are for an emulated modem; give --modem as well");
    return undefined;
  }
  if (pin !== undefined && !/^\d{4,8}$/.test(pin)) throw new UsageError("--modem-pin takes 4 to 8 digits");
  const plans = faults.map((fault) => argument(() => modemFaultPlan(fault)));
  return (clock, tell) =>
    createEmulatedModem({
      listen,
      clock,
      plans,
      ...(seed === undefined ? {} : { seed }),
      sim: pin === undefined ? {} : { pin },
      cell: { time: () => clock.now() },
      onFault: (fault, on) => tell(`modem: ${fault}${on ? "" : " is over"}`),
    });
}

/** Names in lines of the help's width. */
function wrapped(names: readonly string[]): string {
  const half = Math.ceil(names.length / 2);
  return `${names.slice(0, half).join(", ")},\n                     ${names.slice(half).join(", ")}`;
}
