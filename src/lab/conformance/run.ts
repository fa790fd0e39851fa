import { toHex } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import { readAddress } from "../../gbcs/address.ts";
import { useCase as catalogueUseCase } from "../../gbcs/catalogue/index.ts";
import type { Keystore } from "../../gbcs/keystore.ts";
import { HAN_ONLY } from "../../router/judge.ts";
import type { VectorRecord } from "../vectors.ts";
import { type Cases, casesOf, type PairCase } from "./cases.ts";
import { ExecuteRun } from "./execute/execute.ts";
import { startHome } from "./home.ts";
import { type Party, partiesOf } from "./parties.ts";
import { RelayedDevice } from "./relay.ts";
import { type ConformanceReport, type Failure, type Level, Tally } from "./report.ts";

export interface ConformanceOptions {
  readonly records: readonly VectorRecord[];
  readonly keystore: Keystore | undefined;
  readonly level: Level;
  /** Only the records of this use case, by the file's name for it or by the catalogue's. */
  readonly useCase: string | undefined;
  readonly loss: number;
  readonly seed: number;
  readonly version: string;
  /** How long one message may take from one end to the other, in milliseconds. */
  readonly patienceMs?: number;
  /** Told of the way the run goes, a line at a time. */
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Addresses of the published hub, where a file has no messages of it. */
const PUBLISHED_CHF = Eui64("00db1234567890a2");
const PUBLISHED_GPF = Eui64("00db1234567890a3");

const PATIENCE_MS = 20_000;
/** Hubs under test at a time. */
const LANES = 6;

/** Kinds of device to which the hub carries messages, and which are there as emulated devices. */
const RELAYED: ReadonlySet<Party> = new Set(["esme", "gsme", "sapc", "ppmid", "hcalcs"]);

/** Logical devices of the hub that execute Commands. */
const EXECUTING: ReadonlySet<Party> = new Set(["chf"]);

/**
 * Runs a file's pairs and Alerts through a whole hub. Throws `config/invalid` where the file has none of the use case
 * named, and what the parts of the home throw where it cannot be set up.
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceReport> {
  const parties = partiesOf(options.records);
  const own = (device: Eui64) => ["chf", "gpf"].includes(parties.get(device) ?? "");
  const wanted = (device: Eui64) => own(device) === (options.level === "execute");
  const all = casesOf(options.records.filter((record) => isOf(record, options.useCase)));
  const cases: Cases = {
    pairs: all.pairs.filter(({ device }) => wanted(device)),
    alerts: all.alerts.filter(({ device }) => wanted(device)),
    unpaired: all.unpaired.filter(({ device }) => wanted(device)),
  };
  if (cases.pairs.length + cases.alerts.length + cases.unpaired.length === 0) {
    const what = options.useCase === undefined ? "message" : `message of use case "${options.useCase}"`;
    throw new HanwayError("config/invalid", `no ${what} for this level`, { field: "vectors" });
  }
  const tally =
    options.level === "relay" ? await relay(options, cases, parties) : await execute(options, cases, parties);
  return tally.report(options.level, cases.unpaired.length);
}

function isOf(record: VectorRecord, useCase: string | undefined): boolean {
  if (useCase === undefined) return true;
  if (record.useCase.toLowerCase() === useCase.toLowerCase()) return true;
  const wanted = catalogueUseCase(useCase);
  const address = readAddress(record.bytes);
  return wanted !== undefined && !("refused" in address) && address.messageCode === wanted.messageCode;
}

async function relay(
  options: ConformanceOptions,
  cases: Cases,
  parties: ReadonlyMap<Eui64, Party>,
): Promise<Tally> {
  const tally = new Tally();
  const relayed = (device: Eui64) => RELAYED.has(parties.get(device) ?? "chf");
  for (const { name, device } of cases.pairs) if (!relayed(device)) tally.pairNotYet(name);
  for (const { name, device } of cases.alerts) if (!relayed(device)) tally.alertNotYet(name);
  const inHome = new Map(cases.pairs.flatMap((pair) => hanOnly(pair, relayed)));
  const devices = [
    ...new Set([...[...cases.pairs, ...cases.alerts].map(({ device }) => device), ...inHome.values()]),
  ].filter(relayed);
  if (devices.length === 0) return tally;

  const ends = new Map<Eui64, RelayedDevice>();
  /** Everything that came out of the hub at the broker. */
  const seen = new Set<string>();
  await using home = await startHome({
    chf: findParty(parties, "chf") ?? PUBLISHED_CHF,
    gpf: findParty(parties, "gpf") ?? PUBLISHED_GPF,
    devices: devices.map((eui64) => ({ eui64, type: typeOf(parties.get(eui64)) })),
    loss: options.loss,
    seed: options.seed,
    version: options.version,
    farEnd: {
      up: ({ device, payload }) => {
        seen.add(toHex(payload));
        ends.get(device)?.up(payload);
      },
      receipt: ({ id, stage, reason }) => {
        for (const end of ends.values()) end.receipt(id, stage, reason);
      },
    },
  });
  for (const [eui64, device] of home.devices)
    ends.set(eui64, new RelayedDevice(device, home.farEnd, options.patienceMs ?? PATIENCE_MS));
  options.tell(`${devices.length} emulated device${devices.length === 1 ? "" : "s"} reached`);
  // First and alone: what they let out would be seen at the broker by the end of the run.
  const stayed = new Map<PairCase, Failure[]>();
  for (const [pair, initiator] of inHome) {
    const [end, from] = [ends.get(pair.device), ends.get(initiator)];
    if (end !== undefined && from !== undefined && !options.signal.aborted)
      stayed.set(pair, await end.hanPair(pair, from));
  }
  const runs = [...ends].map(async ([eui64, end]) => {
    for (const pair of cases.pairs) {
      if (pair.device === eui64 && !inHome.has(pair) && !options.signal.aborted)
        tally.pair(await end.pair(pair));
    }
    for (const alert of cases.alerts) {
      if (alert.device === eui64 && !options.signal.aborted) tally.alert(await end.alert(alert));
    }
  });
  await Promise.all(runs);
  for (const [pair, failures] of stayed) tally.pair([...failures, ...leaks(pair, seen)]);
  return tally;
}

/** A pair that never leaves the home, with the device that sends its Command. */
function hanOnly(pair: PairCase, relayed: (device: Eui64) => boolean): [PairCase, Eui64][] {
  const address = readAddress(pair.command);
  if ("refused" in address || !HAN_ONLY.has(address.messageCode)) return [];
  return relayed(pair.device) && relayed(address.originator) ? [[pair, address.originator]] : [];
}

/** What the broker saw of a pair that must not leave the home. */
function leaks({ name, useCase, command, response }: PairCase, seen: ReadonlySet<string>): Failure[] {
  const found = { name, useCase, field: "message", expected: "nothing at the broker" };
  return (
    [
      ["COMMAND", command],
      ["RESPONSE", response],
    ] as const
  ).flatMap(([kind, bytes]) => (seen.has(toHex(bytes)) ? [{ ...found, kind, got: toHex(bytes) }] : []));
}

async function execute(
  { keystore, signal }: ConformanceOptions,
  cases: Cases,
  parties: ReadonlyMap<Eui64, Party>,
): Promise<Tally> {
  if (keystore === undefined)
    throw new HanwayError("config/missing", "level execute needs the keys of the parties", {
      field: "keystore",
    });
  const tally = new Tally();
  const run = new ExecuteRun(keystore);
  const executes = (device: Eui64) => EXECUTING.has(parties.get(device) ?? "gpf");
  await sideBySide(cases.pairs, signal, async (pair) => {
    const executed = executes(pair.device) ? await run.pair(pair) : "not-yet";
    return () => (executed === "not-yet" ? tally.pairNotYet(pair.name) : tally.pair(executed));
  });
  await sideBySide(cases.alerts, signal, async (alert) => {
    const executed = executes(alert.device) ? await run.alert(alert) : "not-yet";
    return () => (executed === "not-yet" ? tally.alertNotYet(alert.name) : tally.alert(executed));
  });
  return tally;
}

/** Works on several at a time, for most of the time a hub waits for its broker; counts them in their own order. */
async function sideBySide<T>(
  all: readonly T[],
  signal: AbortSignal,
  work: (one: T) => Promise<() => void>,
): Promise<void> {
  const counts: (() => void)[] = [];
  let next = 0;
  const lane = async () => {
    for (;;) {
      const at = next++;
      const one = all[at];
      if (one === undefined || signal.aborted) return;
      counts[at] = await work(one);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const count of counts) count?.();
}

function findParty(parties: ReadonlyMap<Eui64, Party>, wanted: Party): Eui64 | undefined {
  return [...parties].find(([, party]) => party === wanted)?.[0];
}

function typeOf(party: Party | undefined) {
  if (party === undefined || party === "chf" || party === "gpf") {
    throw new HanwayError("internal", "no device of the HAN", { field: "party" });
  }
  return party;
}
