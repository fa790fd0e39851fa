export * from "./check-certificate.ts";
export * from "./commands.ts";
export * from "./engine.ts";
export {
  DEFAULT_TIMING,
  type KeyEstablishmentOutcome,
  type KeyEstablishmentSettings,
  mayRetry,
  type Partner,
} from "./exchange.ts";
export * from "./implicit-certificate.ts";
export { type InitiatorState, initiator } from "./initiator.ts";
export * from "./key-establishment.ts";
export { type ResponderState, responder } from "./responder.ts";
export * from "./software-engine.ts";
export * from "./suite.ts";
export * from "./terminate-status.ts";
export * from "./test-authority.ts";
