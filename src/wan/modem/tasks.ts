import type { Clock } from "../../base/clock.ts";
import { sleep } from "../../base/clock.ts";
import type { Dialogue } from "./dialogue.ts";
import type { UnlockOutcome } from "./modem-state.ts";
import { type ModemClock, type NetworkTime, readTime } from "./network-time.ts";
import type { PinLedger } from "./pin-ledger.ts";
import {
  bestPlace,
  type NetworkPlace,
  readOperator,
  readRegistration,
  type Technology,
} from "./registration.ts";
import { readCesq, readCsq, readQcsq, type Signal, signalOf } from "./signal.ts";
import { type Identity, readIccid, readSim, readTriesLeft, type SimState } from "./sim.ts";

/** What the tasks are told about the modem. */
export interface ModemProfile {
  /** Four to eight digits. */
  pin: string | undefined;
  apn: string | undefined;
  /** <cid> of the PDP context that carries the WAN. */
  context: number;
  /** Whether the context is brought up by AT commands; false where the system's own dialler does it. */
  activate: boolean;
  networkTime: ModemClock | "off";
}

export interface NetworkView extends NetworkPlace {
  readonly sim: SimState;
  readonly operator: string | undefined;
  readonly signal: Signal;
  /** Undefined where no bearer is wanted. */
  readonly bearer: boolean | undefined;
}

const WAKE_TRIES = 5;
const ICCID = /^(?:\+\w+:\s*)?"?\d{18,20}F?"?$/i;
const READY_TRIES = 10;
const READY_PAUSE_MS = 1_000;

/** AT until it answers, without echo and with numbered errors. False where it does not. */
export async function wake(dialogue: Dialogue, pauseMs: number, clock: Clock): Promise<boolean> {
  for (let tries = 0; tries < WAKE_TRIES && !dialogue.deaf; tries++) {
    const result = await dialogue.ask("ATE0V1");
    if (result.type === "ok") {
      await dialogue.ask("AT+CMEE=1");
      return true;
    }
    if (result.type === "closed") return false;
    // Answers without sense are as good as none, and come at once.
    if (result.type === "error") await sleep(clock, pauseMs);
  }
  return false;
}

export async function identify(dialogue: Dialogue): Promise<Identity> {
  const imei = await dialogue.read("AT+CGSN", /^"?\d{15,16}"?$/);
  const card = [];
  for (const command of ["AT+CCID", "AT+ICCID", "AT+QCCID"]) {
    const line = await dialogue.readIfKnown(command, ICCID);
    if (line !== undefined) card.push(line);
    if (card.length > 0) break;
  }
  const imsi = await dialogue.read("AT+CIMI", /^\d{14,15}$/);
  return { imei: imei?.replaceAll('"', ""), iccid: readIccid(card[0] ?? ""), imsi };
}

export async function askSim(dialogue: Dialogue): Promise<SimState> {
  return readSim(await dialogue.ask("AT+CPIN?", { wants: /^\+CPIN:/, timeoutMs: dialogue.timing.simMs }));
}

/**
 * Sends the PIN, at most once while it may be a wrong one. The ledger learns of it first, so that not even a power cut
 * makes a second try; the SIM's last try is left to a person.
 */
export async function unlock(
  dialogue: Dialogue,
  pin: string | undefined,
  card: string | undefined,
  ledger: PinLedger,
  clock: Clock,
): Promise<UnlockOutcome> {
  if (pin === undefined) return "missing";
  const record = ledger.look(pin, card);
  if (record === "refused") return "refused";
  const left = await triesLeft(dialogue);
  if (record === "tried" && (left === undefined || left < FULL_TRIES)) return "unsure";
  if (left !== undefined && left <= 1) return "withheld";
  if (dialogue.deaf) return "unsure";
  ledger.note(pin, card, "tried");
  const result = await dialogue.ask(`AT+CPIN="${pin}"`, { timeoutMs: dialogue.timing.simMs });
  if (result.type === "timeout" || result.type === "closed") return "unsure";
  // SIM busy: it did not look at the PIN, and the next attempt asks it for the tries left.
  if (result.type === "error" && result.code === SIM_BUSY) return "unsure";
  if (result.type === "ok" && (await becomesReady(dialogue, clock))) {
    ledger.accepted();
    return "accepted";
  }
  ledger.note(pin, card, "refused");
  return "refused";
}

/** A SIM's PIN may be wrong three times (ETSI TS 102 221); a right one sets the count back. */
const FULL_TRIES = 3;
const SIM_BUSY = 14;

async function triesLeft(dialogue: Dialogue): Promise<number | undefined> {
  const line =
    (await dialogue.readIfKnown("AT+CPINR", /^\+CPINR:\s*"?SIM PIN"?,/)) ??
    (await dialogue.readIfKnown('AT+QPINC="SC"', /^\+QPINC:/));
  return line === undefined ? undefined : readTriesLeft(line);
}

/**
 * OK alone is not believed: it could be the late end of another command. A SIM that still asks for its PIN is given
 * some seconds, because modems answer before they have looked again.
 */
async function becomesReady(dialogue: Dialogue, clock: Clock): Promise<boolean> {
  for (let tries = 0; tries < READY_TRIES; tries++) {
    const sim = await askSim(dialogue);
    if (sim === "ready") return true;
    if ((sim !== "busy" && sim !== "pin") || dialogue.deaf) return false;
    await sleep(clock, READY_PAUSE_MS);
  }
  return false;
}

/** What a modem forgets when it starts: reports of registration and time, the operator's name, the context. */
export async function prepare(dialogue: Dialogue, profile: ModemProfile): Promise<void> {
  await dialogue.ask("AT+CREG=2");
  await dialogue.ask("AT+CEREG=2");
  await dialogue.ask("AT+COPS=3,0");
  if (profile.networkTime !== "off") {
    await dialogue.ask("AT+CTZU=1");
    await dialogue.ask("AT+CTZR=1");
  }
  if (profile.apn !== undefined) await dialogue.ask(`AT+CGDCONT=${profile.context},"IP","${profile.apn}"`);
}

export async function look(dialogue: Dialogue, profile: ModemProfile): Promise<NetworkView> {
  const sim = await askSim(dialogue);
  const places: NetworkPlace[] = [];
  for (const which of ["CEREG", "CREG"]) {
    const line = await dialogue.readIfKnown(`AT+${which}?`, new RegExp(`^\\+${which}:`));
    if (line !== undefined) places.push(readRegistration(line));
  }
  const place = bestPlace(places);
  const registered = place.registration === "home" || place.registration === "roaming";
  const carrier = registered ? await askOperator(dialogue) : undefined;
  const technology = place.technology ?? carrier?.technology;
  const signal = await askSignal(dialogue);
  const bearer = registered && profile.activate ? await askBearer(dialogue, profile.context) : undefined;
  return { sim, registration: place.registration, technology, operator: carrier?.operator, signal, bearer };
}

async function askOperator(
  dialogue: Dialogue,
): Promise<{ operator: string | undefined; technology: Technology | undefined } | undefined> {
  const line = await dialogue.read("AT+COPS?", /^\+COPS:/);
  return line === undefined ? undefined : readOperator(line);
}

async function askSignal(dialogue: Dialogue): Promise<Signal> {
  const csq = await dialogue.read("AT+CSQ", /^\+CSQ:/);
  const cesq = await dialogue.readIfKnown("AT+CESQ", /^\+CESQ:/);
  const extended = cesq === undefined ? undefined : readCesq(cesq);
  const qcsq = extended?.rsrp === undefined ? await dialogue.readIfKnown("AT+QCSQ", /^\+QCSQ:/) : undefined;
  const vendor = qcsq === undefined ? undefined : readQcsq(qcsq);
  const rssi = (csq === undefined ? undefined : readCsq(csq)) ?? extended?.rssi ?? vendor?.rssi;
  return signalOf(rssi, extended?.rsrp ?? vendor?.rsrp);
}

async function askBearer(dialogue: Dialogue, context: number): Promise<boolean> {
  const lines = await dialogue.readAll("AT+CGACT?", /^\+CGACT:/, dialogue.timing.simMs);
  return lines.some((line) => new RegExp(`^\\+CGACT:\\s*${context}\\s*,\\s*1\\b`).test(line));
}

/** Brings the PDP context up; true when it is, by the modem's own account afterwards. */
export async function dial(dialogue: Dialogue, profile: ModemProfile): Promise<boolean> {
  const { networkMs: timeoutMs } = dialogue.timing;
  await dialogue.ask("AT+CGATT=1", { timeoutMs });
  await dialogue.ask(`AT+CGACT=1,${profile.context}`, { timeoutMs });
  return askBearer(dialogue, profile.context);
}

/**
 * UTC from the network: Quectel's own question, or the modem's clock where the modem has said (+CTZV, +CTZE) that the
 * network set it. A clock that merely runs is not believed.
 */
export async function askTime(
  dialogue: Dialogue,
  profile: ModemProfile,
  toldByNetwork: boolean,
): Promise<NetworkTime | undefined> {
  if (profile.networkTime === "off") return undefined;
  const latest = await dialogue.readIfKnown("AT+QLTS=1", /^\+QLTS:/);
  const known = latest === undefined ? undefined : readTime(latest, "utc", NOT_BEFORE);
  if (known !== undefined || !toldByNetwork) return known;
  const line = await dialogue.read("AT+CCLK?", /^\+CCLK:/);
  return line === undefined ? undefined : readTime(line, profile.networkTime, NOT_BEFORE);
}

/** hanway did not exist before 2026. */
const NOT_BEFORE = Date.UTC(2026, 0, 1);
