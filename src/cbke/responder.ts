import type { CheckedCertificate } from "./check-certificate.ts";
import type { EphemeralData, Initiate } from "./commands.ts";
import type { Smacs } from "./engine.ts";
import {
  type Exchange,
  established,
  type Idle,
  initiate,
  installKey,
  isRefusal,
  judge,
  type KeyEstablishmentSettings,
  patience,
  refuse,
  type Step,
  terminate,
  WRONG_CONFIRMATION,
} from "./exchange.ts";
import { sameMac } from "./key-confirmation.ts";
import { machineOf, type Received, type Role } from "./role.ts";
import { suiteByBit } from "./suite.ts";
import { type Refusal, TERMINATE_STATUS } from "./terminate-status.ts";

interface Known extends Exchange {
  readonly certificate: CheckedCertificate;
  readonly confirmSeconds: number;
}
interface WithPoint extends Known {
  readonly ephemeral: Uint8Array;
}

type Active =
  | ({ readonly phase: "ephemeral data request" } & Known)
  | ({ readonly phase: "own ephemeral key" } & WithPoint)
  /** The partner's confirmation may come before the own one is computed. */
  | ({ readonly phase: "own confirmation"; readonly early: Uint8Array | undefined } & WithPoint)
  | ({ readonly phase: "confirm key request"; readonly smacs: Smacs } & WithPoint)
  /** The key goes into use before the proof is sent, so that the partner's first frame under it is understood. */
  | ({ readonly phase: "new key"; readonly macV: Uint8Array } & Exchange);

/** Where the side that answers (V) is. */
export type ResponderState = Idle | Active;

const role: Role<Active> = {
  start: () => undefined,
  opening: (settings, state, input) => {
    const { message, from } = input;
    if (message?.kind !== "initiate") return undefined;
    if (state.phase === "idle") return onInitiate(settings, state, input, message);
    return [state, [terminate(settings, from, TERMINATE_STATUS.noResources)]];
  },
  message: (settings, state, message) => {
    if (state.phase === "ephemeral data request" && message.kind === "ephemeralData")
      return onEphemeral(settings, state, message);
    if (message.kind !== "confirmKey") return undefined;
    if (state.phase === "own confirmation" && state.early === undefined)
      return [{ ...state, early: message.mac }, []];
    if (state.phase === "confirm key request") return confirm(settings, state, state.smacs, message.mac);
    return undefined;
  },
  ephemeral: (settings, state, point) =>
    state.phase === "own ephemeral key" ? sendEphemeral(settings, state, point) : undefined,
  smacs: (settings, state, smacs) => {
    if (state.phase !== "own confirmation") return undefined;
    if (state.early !== undefined) return confirm(settings, state, smacs, state.early);
    return [{ ...state, phase: "confirm key request", smacs }, []];
  },
  installed: (state) => (state.phase === "new key" ? sendProof(state) : undefined),
};

/** The responder of key establishment (ZSE C.3.1, server side), one exchange at a time. */
export const responder = machineOf(role);

function onInitiate(
  settings: KeyEstablishmentSettings,
  state: Idle,
  { from, apsCounter, now }: Received,
  message: Initiate,
): Step<ResponderState> {
  const session = state.sessions + 1;
  const requested = requestedSuite(settings, message.suites);
  if (isRefusal(requested)) return refuseStart(settings, session, from, requested);
  const { suite, own } = requested;
  const certificate = judge(settings, suite.bit, from, message.certificate, now);
  if (isRefusal(certificate)) return refuseStart(settings, session, from, certificate);
  const { ephemeralSeconds, confirmSeconds } = message;
  const exchange = { session, partner: from, suite, lastApsCounter: apsCounter };
  return [
    { phase: "ephemeral data request", ...exchange, certificate, confirmSeconds },
    [
      { do: "send", session, to: from, message: initiate(settings, suite.bit, own) },
      { do: "startTimer", session, ms: patience(settings, ephemeralSeconds) },
    ],
  ];
}

/** A request that never became an exchange: nothing to discard. */
function refuseStart(
  settings: KeyEstablishmentSettings,
  session: number,
  partner: Received["from"],
  why: Refusal,
): Step<ResponderState> {
  const outcome = { result: "terminated", by: "us", partner, waitSeconds: 0, ...why } as const;
  return [
    { phase: "idle", sessions: session },
    [terminate(settings, partner, why.status), { do: "ended", outcome }],
  ];
}

/** Exactly one suite bit, and one for which there is a certificate. */
function requestedSuite(settings: KeyEstablishmentSettings, bits: number) {
  if (bits === 0 || (bits & (bits - 1)) !== 0) {
    return {
      status: TERMINATE_STATUS.badMessage,
      reason: "not exactly one suite requested",
    } satisfies Refusal;
  }
  const suite = suiteByBit(bits);
  const own = suite === undefined ? undefined : settings.certificates.get(suite.bit);
  if (suite === undefined || own === undefined) {
    return { status: TERMINATE_STATUS.unsupportedSuite, reason: "suite is not supported" } satisfies Refusal;
  }
  return { suite, own };
}

function onEphemeral(
  settings: KeyEstablishmentSettings,
  state: Known,
  { point }: EphemeralData,
): Step<ResponderState> {
  const { session, suite } = state;
  return [
    { ...state, phase: "own ephemeral key", ephemeral: point },
    [
      { do: "begin", session, suite: suite.bit },
      { do: "startTimer", session, ms: patience(settings, settings.ephemeralSeconds) },
    ],
  ];
}

function sendEphemeral(
  settings: KeyEstablishmentSettings,
  state: WithPoint,
  point: Uint8Array,
): Step<ResponderState> {
  const { session, partner, certificate, ephemeral, confirmSeconds } = state;
  return [
    { ...state, phase: "own confirmation", early: undefined },
    [
      { do: "send", session, to: partner, message: { kind: "ephemeralData", point } },
      { do: "calculateSmacs", session, role: "responder", certificate, ephemeral },
      { do: "startTimer", session, ms: patience(settings, confirmSeconds) },
    ],
  ];
}

function confirm(
  settings: KeyEstablishmentSettings,
  state: Exchange,
  { macU, macV }: Smacs,
  received: Uint8Array,
): Step<ResponderState> {
  if (!sameMac(macU, received)) return refuse(settings, state, WRONG_CONFIRMATION);
  return [{ ...state, phase: "new key", macV }, installKey(settings, state)];
}

function sendProof(state: Exchange & { readonly macV: Uint8Array }): Step<ResponderState> {
  const { session, partner, macV } = state;
  return established(state, [
    { do: "send", session, to: partner, message: { kind: "confirmKey", mac: macV } },
  ]);
}
