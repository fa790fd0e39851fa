import { EzspStatus } from "../ezsp/status.ts";
import type { JoinPolicy } from "../stack/coordinator.ts";
import type { NcpCore } from "./core.ts";

export const Policy = {
  TRUST_CENTER: 0,
  BINDING_MODIFICATION: 1,
  UNICAST_REPLIES: 2,
  POLL_HANDLER: 3,
  MESSAGE_CONTENTS_IN_CALLBACK: 4,
  TC_KEY_REQUEST: 5,
  APP_KEY_REQUEST: 6,
} as const;

export const Decision = {
  ALLOW_JOINS: 0x01,
  ALLOW_UNSECURED_REJOINS: 0x02,
  JOINS_USE_INSTALL_CODE_KEY: 0x10,
  HOST_WILL_NOT_SUPPLY_REPLY: 0x20,
  POLL_HANDLER_IGNORE: 0x30,
  POLL_HANDLER_CALLBACK: 0x31,
  MESSAGE_TAG_ONLY: 0x40,
  MESSAGE_TAG_AND_CONTENTS: 0x41,
  DENY_TC_KEY_REQUESTS: 0x50,
  DENY_APP_KEY_REQUESTS: 0x60,
  ALLOW_APP_KEY_REQUESTS: 0x61,
} as const;

/** What firmware starts with. */
const DEFAULTS: readonly (readonly [policy: number, decision: number])[] = [
  [Policy.TRUST_CENTER, Decision.ALLOW_JOINS | Decision.ALLOW_UNSECURED_REJOINS],
  [Policy.BINDING_MODIFICATION, 0x10],
  [Policy.UNICAST_REPLIES, Decision.HOST_WILL_NOT_SUPPLY_REPLY],
  [Policy.POLL_HANDLER, Decision.POLL_HANDLER_IGNORE],
  [Policy.MESSAGE_CONTENTS_IN_CALLBACK, Decision.MESSAGE_TAG_ONLY],
  [Policy.TC_KEY_REQUEST, Decision.DENY_TC_KEY_REQUESTS],
  [Policy.APP_KEY_REQUEST, Decision.DENY_APP_KEY_REQUESTS],
  [7, 0x62],
  [8, 0x00],
  [9, 0x00],
];

/** The Trust Centre decision is a bit mask (UG100, EzspDecisionBitmask). */
function joinPolicy(decision: number): JoinPolicy {
  if ((decision & Decision.ALLOW_JOINS) === 0) return "closed";
  return decision & Decision.JOINS_USE_INSTALL_CODE_KEY ? "known-keys-only" : "global-key";
}

/** setPolicy; returns the EzspStatus. */
export function setPolicy(policy: number, decision: number, ncp: NcpCore): number {
  if (!DEFAULTS.some(([known]) => known === policy)) return EzspStatus.INVALID_ID;
  ncp.ram.policies.set(policy, decision);
  if (policy === Policy.TRUST_CENTER) ncp.stack.setJoinPolicy(joinPolicy(decision));
  if (policy === Policy.APP_KEY_REQUEST)
    ncp.stack.setApplicationKeyRequests(decision === Decision.ALLOW_APP_KEY_REQUESTS ? "allow" : "deny");
  return EzspStatus.SUCCESS;
}

export function applyDefaultPolicies(ncp: NcpCore): void {
  for (const [policy, decision] of DEFAULTS) setPolicy(policy, decision, ncp);
}
