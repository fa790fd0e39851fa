import type { Eui64 } from "../base/eui64.ts";
import {
  type CertificateRules,
  type CheckedCertificate,
  checkCertificate,
  type TrustedIssuer,
} from "./check-certificate.ts";
import type { Initiate, KeyEstablishmentMessage } from "./commands.ts";
import type { CbkeRole, Smacs } from "./engine.ts";
import { type Suite, type SuiteBit, suiteOf } from "./suite.ts";
import { type Refusal, TERMINATE_STATUS, type TerminateStatus } from "./terminate-status.ts";

/** A device at the other end, and the endpoint on which its Key Establishment cluster speaks. */
export interface Partner {
  readonly eui64: Eui64;
  readonly endpoint: number;
}

/** What both state machines need to know about their own device. */
export interface KeyEstablishmentSettings {
  /** Own certificates by suite; what is here is what is offered. */
  readonly certificates: ReadonlyMap<SuiteBit, Uint8Array>;
  readonly issuers: readonly TrustedIssuer[];
  readonly certificateRules: CertificateRules;
  /** Seconds, 0 to 254, told to the partner for the ephemeral key. */
  readonly ephemeralSeconds: number;
  /** Seconds, 0 to 254, told to the partner for the confirmation. */
  readonly confirmSeconds: number;
  /** Time granted for the way there and back on top of what the partner states; the standard asks for 2 s at least. */
  readonly transmissionMs: number;
  /** Seconds, 0 to 254, told to a partner that has to wait. */
  readonly waitSeconds: number;
}

export const DEFAULT_TIMING = {
  ephemeralSeconds: 1,
  confirmSeconds: 2,
  transmissionMs: 5_000,
  waitSeconds: 10,
} as const;

/** How an exchange ended. */
export type KeyEstablishmentOutcome =
  | { readonly result: "established"; readonly partner: Partner; readonly suite: SuiteBit }
  | ({
      readonly result: "terminated";
      readonly by: "us" | "partner";
      readonly partner: Partner;
      /** Seconds that the partner asks to wait before another try; 0 where we ended it. */
      readonly waitSeconds: number;
    } & Refusal)
  | { readonly result: "timeout" | "undelivered"; readonly partner: Partner; readonly phase: string };

/** Whether another try with this partner makes sense: not after an unknown issuer or a wrong confirmation. */
export function mayRetry(outcome: KeyEstablishmentOutcome): boolean {
  if (outcome.result !== "terminated") return outcome.result !== "established";
  return (
    outcome.status !== TERMINATE_STATUS.unknownIssuer && outcome.status !== TERMINATE_STATUS.badKeyConfirm
  );
}

/**
 * What a state machine is told. `session` echoes the number of the effect that asked for it, so that an answer
 * that comes after its exchange has ended means nothing.
 */
export type KeyEstablishmentInput =
  | { readonly type: "start"; readonly partner: Partner; readonly suite: SuiteBit }
  | {
      readonly type: "received";
      readonly from: Partner;
      /** APS counter of the frame, by which repeated frames are known. */
      readonly apsCounter: number;
      /** False for a broadcast or group address, which is ignored. */
      readonly unicast: boolean;
      /** Undefined where the payload could not be decoded. */
      readonly message: KeyEstablishmentMessage | undefined;
      /** Unix time in seconds where the own clock can be trusted: certificates are then judged by their validity. */
      readonly now?: number | undefined;
    }
  | { readonly type: "ephemeral"; readonly session: number; readonly point: Uint8Array }
  | { readonly type: "smacs"; readonly session: number; readonly smacs: Smacs | Refusal }
  /** The new key is in use. */
  | { readonly type: "installed"; readonly session: number }
  /** The engine, or the place that holds link keys, could not do what it was asked. */
  | { readonly type: "failed"; readonly session: number }
  | { readonly type: "undelivered"; readonly session: number }
  | { readonly type: "timeout"; readonly session: number };

/** What a state machine wants done, in this order. */
export type KeyEstablishmentEffect =
  | {
      readonly do: "send";
      readonly session: number;
      readonly to: Partner;
      readonly message: KeyEstablishmentMessage;
    }
  | { readonly do: "begin"; readonly session: number; readonly suite: SuiteBit }
  | {
      readonly do: "calculateSmacs";
      readonly session: number;
      readonly role: CbkeRole;
      readonly certificate: CheckedCertificate;
      readonly ephemeral: Uint8Array;
    }
  /** Replaces the timer that runs. */
  | { readonly do: "startTimer"; readonly session: number; readonly ms: number }
  | { readonly do: "stopTimer" }
  /** Take the new key into use. */
  | { readonly do: "installKey"; readonly session: number; readonly partner: Partner }
  | { readonly do: "discard"; readonly session: number }
  | { readonly do: "ended"; readonly outcome: KeyEstablishmentOutcome };

/** One exchange as far as both roles share it. */
export interface Exchange {
  readonly session: number;
  readonly partner: Partner;
  readonly suite: Suite;
  readonly lastApsCounter: number | undefined;
}

export interface Idle {
  readonly phase: "idle";
  /** Exchanges so far; the next one has the next number. */
  readonly sessions: number;
  /** The last frame of the last exchange: its repetitions come late, but mean nothing then either. */
  readonly last?: { readonly partner: Partner; readonly lastApsCounter: number | undefined };
}

export type Step<S> = readonly [S, readonly KeyEstablishmentEffect[]];

export const IDLE: Idle = { phase: "idle", sessions: 0 };

/** The attribute KeyEstablishmentSuite. */
function ownSuites(settings: KeyEstablishmentSettings): number {
  return [...settings.certificates.keys()].reduce((bits, bit) => bits | bit, 0);
}

export function isRefusal(value: object): value is Refusal {
  return "status" in value;
}

export function initiate(
  settings: KeyEstablishmentSettings,
  suite: SuiteBit,
  certificate: Uint8Array,
): Initiate {
  const { ephemeralSeconds, confirmSeconds } = settings;
  return { kind: "initiate", suites: suite, ephemeralSeconds, confirmSeconds, certificate };
}

/** Time until the partner's answer counts as missing: what it states plus the way there and back. */
export function patience(settings: KeyEstablishmentSettings, statedSeconds: number): number {
  return statedSeconds * 1000 + settings.transmissionMs;
}

/** The one certificate check, with the rules and issuers of the settings. */
export function judge(
  settings: KeyEstablishmentSettings,
  suite: SuiteBit,
  partner: Partner,
  certificate: Uint8Array,
  now: number | undefined,
): CheckedCertificate | Refusal {
  const { issuers, certificateRules } = settings;
  return checkCertificate(suiteOf(suite), certificate, partner.eui64, issuers, now, certificateRules);
}

/** Belongs to no exchange, so that its own fate cannot end one. */
export function terminate(
  settings: KeyEstablishmentSettings,
  to: Partner,
  status: TerminateStatus,
): KeyEstablishmentEffect {
  const { waitSeconds } = settings;
  const message = { kind: "terminate", status, waitSeconds, suites: ownSuites(settings) } as const;
  return { do: "send", session: 0, to, message };
}

function close(exchange: Exchange, outcome: KeyEstablishmentOutcome): KeyEstablishmentEffect[] {
  return [{ do: "stopTimer" }, { do: "discard", session: exchange.session }, { do: "ended", outcome }];
}

function idleAfter(exchange: Exchange): Idle {
  const { session, partner, lastApsCounter } = exchange;
  return { phase: "idle", sessions: session, last: { partner, lastApsCounter } };
}

/** Ends an exchange for something the partner did and tells it so. */
export function refuse(settings: KeyEstablishmentSettings, exchange: Exchange, why: Refusal): Step<Idle> {
  const { partner } = exchange;
  const outcome = { result: "terminated", by: "us", partner, waitSeconds: 0, ...why } as const;
  return [idleAfter(exchange), [terminate(settings, partner, why.status), ...close(exchange, outcome)]];
}

/** Ends an exchange because the partner said so. */
export function terminatedBy(exchange: Exchange, status: TerminateStatus, waitSeconds: number): Step<Idle> {
  const { partner } = exchange;
  const reason = "partner ended the exchange";
  const outcome = { result: "terminated", by: "partner", partner, waitSeconds, status, reason } as const;
  return [idleAfter(exchange), close(exchange, outcome)];
}

/** Ends an exchange in silence, as the standard asks where a timeout or a missing acknowledgement is the cause. */
export function giveUp(exchange: Exchange, result: "timeout" | "undelivered", phase: string): Step<Idle> {
  return [idleAfter(exchange), close(exchange, { result, partner: exchange.partner, phase })];
}

/** The proofs match: take the new key into use. */
export function installKey(
  settings: KeyEstablishmentSettings,
  { session, partner }: Exchange,
): readonly KeyEstablishmentEffect[] {
  return [
    { do: "installKey", session, partner },
    { do: "startTimer", session, ms: patience(settings, settings.confirmSeconds) },
  ];
}

/** The new key is in use: the exchange is over, after a last message of the responder. */
export function established(exchange: Exchange, last: readonly KeyEstablishmentEffect[]): Step<Idle> {
  const { partner, suite } = exchange;
  const outcome = { result: "established", partner, suite: suite.bit } as const;
  return [idleAfter(exchange), [{ do: "stopTimer" }, ...last, { do: "ended", outcome }]];
}

export const OUT_OF_ORDER: Refusal = { status: TERMINATE_STATUS.badMessage, reason: "message out of order" };
export const UNREADABLE: Refusal = { status: TERMINATE_STATUS.badMessage, reason: "message cannot be read" };
export const WRONG_CONFIRMATION: Refusal = {
  status: TERMINATE_STATUS.badKeyConfirm,
  reason: "confirmation does not match",
};
export const OWN_FAILURE: Refusal = {
  status: TERMINATE_STATUS.noResources,
  reason: "own engine or key table failed",
};

/** A frame that says nothing: not addressed to this device alone, or a repetition of the partner's last one. */
export function isNoise(
  input: Extract<KeyEstablishmentInput, { type: "received" }>,
  state: Idle | Exchange,
): boolean {
  const last = "session" in state ? state : state.last;
  const repeated = last?.partner.eui64 === input.from.eui64 && last.lastApsCounter === input.apsCounter;
  return !input.unicast || repeated;
}
