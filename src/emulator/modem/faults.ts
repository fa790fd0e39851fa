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
