import type { CheckedCertificate } from "./check-certificate.ts";
import type { ConfirmKey, EphemeralData, Initiate } from "./commands.ts";
import type { Smacs } from "./engine.ts";
import {
  type Exchange,
  established,
  giveUp,
  type Idle,
  initiate,
  installKey,
  isNoise,
  isRefusal,
  judge,
  type KeyEstablishmentInput,
  type KeyEstablishmentSettings,
  OUT_OF_ORDER,
  OWN_FAILURE,
  patience,
  refuse,
  type Step,
  terminate,
  terminatedBy,
  UNREADABLE,
  WRONG_CONFIRMATION,
} from "./exchange.ts";
import { sameMac } from "./key-confirmation.ts";
import { suiteOf } from "./suite.ts";
import { TERMINATE_STATUS } from "./terminate-status.ts";

interface Known extends Exchange {
  readonly certificate: CheckedCertificate;
  readonly ephemeralSeconds: number;
  readonly confirmSeconds: number;
}

/** Where the side that starts (U) is. */
export type InitiatorState =
  | Idle
  | ({ readonly phase: "initiate response" } & Exchange)
  | ({ readonly phase: "own ephemeral key" } & Known)
  | ({ readonly phase: "ephemeral data response" } & Known)
  | ({ readonly phase: "own confirmation" } & Known)
  | ({ readonly phase: "confirm key response"; readonly smacs: Smacs } & Known)
  | ({ readonly phase: "new key" } & Exchange);

type Received = Extract<KeyEstablishmentInput, { type: "received" }>;
type Active = Exclude<InitiatorState, Idle>;

/** The initiator of key establishment (ZSE C.3.1, client side), one exchange at a time. */
export function initiator(
  settings: KeyEstablishmentSettings,
  state: InitiatorState,
  input: KeyEstablishmentInput,
): Step<InitiatorState> {
  if (input.type === "start") return start(settings, state, input);
  if (input.type === "received") return received(settings, state, input);
  if (state.phase === "idle" || input.session !== state.session) return [state, []];
  switch (input.type) {
    case "timeout":
    case "undelivered":
      return giveUp(state, input.type, state.phase);
    case "failed":
      return refuse(settings, state, OWN_FAILURE);
    case "installed":
      return state.phase === "new key" ? established(state, []) : [state, []];
    case "ephemeral":
      return state.phase === "own ephemeral key" ? sendEphemeral(settings, state, input.point) : [state, []];
    case "smacs":
      if (state.phase !== "own confirmation") return [state, []];
      if (isRefusal(input.smacs)) return refuse(settings, state, input.smacs);
      return sendConfirmation(settings, state, input.smacs);
  }
}

/** A start while an exchange runs is ignored: the caller waits for the end of the first. */
function start(
  settings: KeyEstablishmentSettings,
  state: InitiatorState,
  { partner, suite: bit }: Extract<KeyEstablishmentInput, { type: "start" }>,
): Step<InitiatorState> {
  const certificate = settings.certificates.get(bit);
  if (state.phase !== "idle" || certificate === undefined) return [state, []];
  const session = state.sessions + 1;
  return [
    { phase: "initiate response", session, partner, suite: suiteOf(bit), lastApsCounter: undefined },
    [
      { do: "send", session, to: partner, message: initiate(settings, bit, certificate) },
      { do: "startTimer", session, ms: patience(settings, 0) },
    ],
  ];
}

function received(
  settings: KeyEstablishmentSettings,
  state: InitiatorState,
  input: Received,
): Step<InitiatorState> {
  if (isNoise(input, state)) return [state, []];
  const active = state.phase === "idle" ? undefined : state;
  const { message, from } = input;
  if (active === undefined || active.partner.eui64 !== from.eui64) {
    if (message?.kind === "terminate") return [state, []];
    return [state, [terminate(settings, from, TERMINATE_STATUS.badMessage)]];
  }
  // The proofs have matched: nothing the partner says now undoes the key.
  if (active.phase === "new key") return [state, []];
  const current: Active = { ...active, lastApsCounter: input.apsCounter };
  if (message === undefined) return refuse(settings, current, UNREADABLE);
  if (message.kind === "terminate") return terminatedBy(current, message.status, message.waitSeconds);
  if (current.phase === "initiate response" && message.kind === "initiate") {
    return onInitiateResponse(settings, current, message, input.now);
  }
  if (current.phase === "ephemeral data response" && message.kind === "ephemeralData") {
    return onEphemeralResponse(settings, current, message);
  }
  if (current.phase === "confirm key response" && message.kind === "confirmKey") {
    return onConfirmResponse(settings, current, message);
  }
  return refuse(settings, current, OUT_OF_ORDER);
}

function onInitiateResponse(
  settings: KeyEstablishmentSettings,
  state: Exchange,
  message: Initiate,
  now: number | undefined,
): Step<InitiatorState> {
  const { session, partner, suite } = state;
  if (message.suites !== suite.bit) {
    const reason = "response does not repeat the requested suite";
    return refuse(settings, state, { status: TERMINATE_STATUS.badMessage, reason });
  }
  const certificate = judge(settings, suite.bit, partner, message.certificate, now);
  if (isRefusal(certificate)) return refuse(settings, state, certificate);
  const { ephemeralSeconds, confirmSeconds } = message;
  return [
    { ...state, phase: "own ephemeral key", certificate, ephemeralSeconds, confirmSeconds },
    [
      { do: "begin", session, suite: suite.bit },
      { do: "startTimer", session, ms: patience(settings, settings.ephemeralSeconds) },
    ],
  ];
}

function sendEphemeral(
  settings: KeyEstablishmentSettings,
  state: Known,
  point: Uint8Array,
): Step<InitiatorState> {
  const { session, partner, ephemeralSeconds } = state;
  return [
    { ...state, phase: "ephemeral data response" },
    [
      { do: "send", session, to: partner, message: { kind: "ephemeralData", point } },
      { do: "startTimer", session, ms: patience(settings, ephemeralSeconds) },
    ],
  ];
}

function onEphemeralResponse(
  settings: KeyEstablishmentSettings,
  state: Known,
  { point }: EphemeralData,
): Step<InitiatorState> {
  const { session, certificate } = state;
  return [
    { ...state, phase: "own confirmation" },
    [
      { do: "calculateSmacs", session, role: "initiator", certificate, ephemeral: point },
      { do: "startTimer", session, ms: patience(settings, settings.confirmSeconds) },
    ],
  ];
}

function sendConfirmation(
  settings: KeyEstablishmentSettings,
  state: Known,
  smacs: Smacs,
): Step<InitiatorState> {
  const { session, partner, confirmSeconds } = state;
  return [
    { ...state, phase: "confirm key response", smacs },
    [
      { do: "send", session, to: partner, message: { kind: "confirmKey", mac: smacs.macU } },
      { do: "startTimer", session, ms: patience(settings, confirmSeconds) },
    ],
  ];
}

function onConfirmResponse(
  settings: KeyEstablishmentSettings,
  state: Known & { readonly smacs: Smacs },
  { mac }: ConfirmKey,
): Step<InitiatorState> {
  if (!sameMac(state.smacs.macV, mac)) return refuse(settings, state, WRONG_CONFIRMATION);
  return [{ ...state, phase: "new key" }, installKey(settings, state)];
}
