import { EzspDecisionBitmask } from "./herdsman.ts";

/** No device joins; those that are known come back, also under their link key with the Trust Centre. */
export const POLICY_CLOSED = EzspDecisionBitmask.ALLOW_UNSECURED_REJOINS;
/** Joins only with a key that was given for exactly that device (0x13). */
export const POLICY_INSTALL_CODES =
  EzspDecisionBitmask.ALLOW_JOINS |
  EzspDecisionBitmask.ALLOW_UNSECURED_REJOINS |
  EzspDecisionBitmask.JOINS_USE_INSTALL_CODE_KEY;
