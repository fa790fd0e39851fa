/** What a modem says unasked, in the words of what it means to the hub. */
export type Unsolicited =
  /** Something about registration or the bearer changed: look again. */
  | "network"
  /** The SIM was pulled, put in, or locked: look again. */
  | "sim"
  /** The modem started by itself, so every setting made is gone. */
  | "started"
  /** The network gave the time. */
  | "time"
  /** Known, and of no use here. */
  | "noise";

const BY_PREFIX: readonly (readonly [prefix: string, meaning: Unsolicited])[] = [
  ["+CREG:", "network"],
  ["+CGREG:", "network"],
  ["+CEREG:", "network"],
  ["+CGEV:", "network"],
  ["+CPIN:", "sim"],
  ["+QUSIM:", "sim"],
  ["+SIMCARD:", "sim"],
  ["^SIMST:", "sim"],
  ["^SYSSTART", "started"],
  ["*ATREADY:", "started"],
  ["+CTZV:", "time"],
  ["+CTZE:", "time"],
  ["*PSUTTZ:", "time"],
  ["+CRING:", "noise"],
  ["+CLIP:", "noise"],
  ["+CMTI:", "noise"],
  ["+CMT:", "noise"],
  ["+CDS:", "noise"],
  ["+CUSD:", "noise"],
  ["+CIEV:", "noise"],
  ["+QIND:", "noise"],
  ["+CFUN:", "noise"],
  ["^RSSI:", "noise"],
  ["^MODE:", "noise"],
  ["+DST:", "noise"],
];

const WHOLE: Readonly<Record<string, Unsolicited>> = {
  RDY: "started",
  "APP RDY": "started",
  RING: "noise",
  "Call Ready": "noise",
  "SMS Ready": "noise",
  "SMS DONE": "noise",
  "PB DONE": "noise",
  "NORMAL POWER DOWN": "noise",
  "NO CARRIER": "network",
};

/** The meaning of a line that no running command asked for; undefined where it is not known at all. */
export function unsolicited(text: string): Unsolicited | undefined {
  const whole = Object.hasOwn(WHOLE, text) ? WHOLE[text] : undefined;
  return whole ?? BY_PREFIX.find(([prefix]) => text.startsWith(prefix))?.[1];
}
