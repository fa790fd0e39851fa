import type { CheckedCertificate } from "./check-certificate.ts";
import type { ConfirmKey, EphemeralData, Initiate } from "./commands.ts";
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
  WRONG_CONFIRMATION,
} from "./exchange.ts";
import { sameMac } from "./key-confirmation.ts";
import { machineOf, type Role, type Start } from "./role.ts";
import { suiteOf } from "./suite.ts";
import { TERMINATE_STATUS } from "./terminate-status.ts";

interface Known extends Exchange {
  readonly certificate: CheckedCertificate;
  readonly ephemeralSeconds: number;
  readonly confirmSeconds: number;
}

type Active =
  | ({ readonly phase: "initiate response" } & Exchange)
  | ({ readonly phase: "own ephemeral key" } & Known)
  | ({ readonly phase: "ephemeral data response" } & Known)
  | ({ readonly phase: "own confirmation" } & Known)
  | ({ readonly phase: "confirm key response"; readonly smacs: Smacs } & Known)
  | ({ readonly phase: "new key" } & Exchange);

/** Where the side that starts (U) is. */
export type InitiatorState = Idle | Active;

const role: Role<Active> = {
  start,
  opening: () => undefined,
  message: (settings, state, message, now) => {
    if (state.phase === "initiate response" && message.kind === "initiate")
      return onInitiateResponse(settings, state, message, now);
    if (state.phase === "ephemeral data response" && message.kind === "ephemeralData")
      return onEphemeralResponse(settings, state, message);
    if (state.phase === "confirm key response" && message.kind === "confirmKey")
      return onConfirmResponse(settings, state, message);
    return undefined;
  },
  ephemeral: (settings, state, point) =>
    state.phase === "own ephemeral key" ? sendEphemeral(settings, state, point) : undefined,
  smacs: (settings, state, smacs) =>
    state.phase === "own confirmation" ? sendConfirmation(settings, state, smacs) : undefined,
  installed: (state) => (state.phase === "new key" ? established(state, []) : undefined),
};

/** The initiator of key establishment (ZSE C.3.1, client side), one exchange at a time. */
export const initiator = machineOf(role);

function start(
  settings: KeyEstablishmentSettings,
  { sessions }: Idle,
  { partner, suite: bit }: Start,
): Step<InitiatorState> | undefined {
  const certificate = settings.certificates.get(bit);
  if (certificate === undefined) return undefined;
  const session = sessions + 1;
  return [
    { phase: "initiate response", session, partner, suite: suiteOf(bit), lastApsCounter: undefined },
    [
      { do: "send", session, to: partner, message: initiate(settings, bit, certificate) },
      { do: "startTimer", session, ms: patience(settings, 0) },
    ],
  ];
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
