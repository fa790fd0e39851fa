import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";

/** What can be wrong with an emulated modem. */
export const MODEM_FAULT_HELP = {
  dead: "takes what the host sends and answers nothing",
  garbage: "answers with octets of no meaning",
  slow: "answers seconds late",
  "half-lines": "stops in the middle of its answers",
  "no-line-ends": "leaves out every end of line",
  flood: "pours out text without being asked, as fast as the host takes it",
  "no-sim": "finds no SIM",
  "wrong-pin": "its SIM asks for a PIN and refuses every one",
  "lost-registration": "finds no network",
  denied: "is refused by the network",
  "no-bearer": "is on the network and gets no bearer",
  prompt: "waits for the text of a message that another program began",
} as const;

export type ModemFaultName = keyof typeof MODEM_FAULT_HELP;

export const MODEM_FAULT_NAMES = Object.keys(MODEM_FAULT_HELP).filter(
  (name): name is ModemFaultName => name in MODEM_FAULT_HELP,
);

/** Throws `config/invalid` in one sentence that says what is possible. */
export function modemFault(name: string): ModemFaultName {
  const found = MODEM_FAULT_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  throw new HanwayError(
    "config/invalid",
    `"${name.slice(0, 40)}" is no fault of a modem; possible are ${MODEM_FAULT_NAMES.join(", ")}`,
    { field: "fault" },
  );
}

/** A fault that comes, and goes again where `untilSeconds` says so; in seconds after the start. */
export interface ModemFaultPlan {
  readonly name: ModemFaultName;
  readonly atSeconds: number;
  readonly untilSeconds: number | undefined;
}

/** Parses `NAME`, `NAME@SECONDS` and `NAME@SECONDS-SECONDS`, as in `dead@30-60`. Throws `config/invalid`. */
export function modemFaultPlan(text: string): ModemFaultPlan {
  const match = /^([^@]*)(?:@(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?)?$/.exec(text.trim());
  if (match === null) throw notAPlan(text);
  const atSeconds = Number(match[2] ?? 0);
  const untilSeconds = match[3] === undefined ? undefined : Number(match[3]);
  if (untilSeconds !== undefined && untilSeconds <= atSeconds) throw notAPlan(text);
  return { name: modemFault(match[1] ?? ""), atSeconds, untilSeconds };
}

function notAPlan(text: string): HanwayError {
  return new HanwayError(
    "config/invalid",
    `"${text.slice(0, 40)}" is no fault of a modem; write NAME, NAME@SECONDS or NAME@FROM-TO`,
    { field: "fault" },
  );
}

/** Brings every fault at its time. Those of the start come at once. Returns what forgets the rest. */
export function planFaults(
  plans: readonly ModemFaultPlan[],
  clock: Clock,
  { inject, end }: { inject(name: ModemFaultName): void; end(name: ModemFaultName): void },
): () => void {
  const timers: Timer[] = [];
  for (const { name, atSeconds, untilSeconds } of plans) {
    if (atSeconds === 0) inject(name);
    else timers.push(clock.after(atSeconds * 1_000, () => inject(name)));
    if (untilSeconds !== undefined) timers.push(clock.after(untilSeconds * 1_000, () => end(name)));
  }
  return () => {
    for (const timer of timers) timer.cancel();
  };
}
