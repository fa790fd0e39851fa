import type { Eui64 } from "../base/eui64.ts";
import { CREDENTIALS_REPLACEMENT_MODE as MODE, REMOTE_PARTY_ROLE as ROLE } from "../gbcs/asn1/index.ts";
import { roleMayOriginate } from "../gbcs/authority.ts";
import { useCaseByMessageCode } from "../gbcs/catalogue/index.ts";
import type { TrustAnchors } from "./trust-anchors.ts";

/** A mode of CS02b as a CHF takes it: whose cell authorises it, and cells of which roles it may replace. */
export interface ReplacementMode {
  readonly mode: number;
  readonly authoriser: number;
  readonly replaces: ReadonlySet<number>;
}

/** Every role that has a cell on a CHF (communications-hub A1.4). */
const ALL: ReadonlySet<number> = new Set([
  ROLE.root,
  ROLE.recovery,
  ROLE.accessControlBroker,
  ROLE.transitionalCoS,
  ROLE.wanProvider,
]);

function mode(number: number, authoriser: number, replaces: ReadonlySet<number> = new Set([authoriser])) {
  return [0x0100 + number, { mode: number, authoriser, replaces }] as const;
}

/** By message code (gbcs-messages 9.3). `anyByContingency` is not among them: it needs the contingency key. */
const MODES: ReadonlyMap<number, ReplacementMode> = new Map([
  mode(MODE.rootByWanProvider, ROLE.wanProvider, new Set([ROLE.root])),
  mode(MODE.accessControlBrokerByAccessControlBroker, ROLE.accessControlBroker),
  mode(MODE.wanProviderByWanProvider, ROLE.wanProvider),
  mode(MODE.transCoSByTransCoS, ROLE.transitionalCoS),
  mode(MODE.anyExceptAbnormalRootByRecovery, ROLE.recovery, ALL),
]);

export function replacementMode(messageCode: number): ReplacementMode | undefined {
  return MODES.get(messageCode);
}

/**
 * The Remote Party Role in which a party sends a Command, whose counter it goes by: for CS02b the one that authorises its
 * mode, where the party is in a cell of it. Undefined for a stranger.
 */
export function sendingRole(anchors: TrustAnchors, messageCode: number, party: Eui64): number | undefined {
  const replacement = MODES.get(messageCode);
  if (replacement === undefined) return anchors.roleOf(party);
  const { authoriser } = replacement;
  const held = anchors.cellsOf(authoriser).some(({ certificate }) => certificate.eui64 === party);
  return held ? authoriser : undefined;
}

/** Whether a party may send a Command at all. */
export function maySend(anchors: TrustAnchors, messageCode: number, party: Eui64): boolean {
  const role = sendingRole(anchors, messageCode, party);
  if (role === undefined) return false;
  if (MODES.has(messageCode)) return true;
  const useCase = useCaseByMessageCode(messageCode, "CHF");
  return useCase !== undefined && roleMayOriginate(useCase, role);
}

/** Whether a counter is taken only once. The tables do not say so of CS02b, which an old copy must not undo. */
export function isReplayProtected(messageCode: number): boolean {
  return MODES.has(messageCode) || useCaseByMessageCode(messageCode, "CHF")?.replayProtected === true;
}
