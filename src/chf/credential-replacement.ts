import type { Eui64 } from "../base/eui64.ts";
import {
  CELL_USAGE,
  REMOTE_PARTY_ROLE,
  STATUS_CODE,
  TIME_BASED_CPV_CHECKS,
  type TrustAnchorCell,
  type UpdateCredentialsCommand,
  type UpdateCredentialsOutcome,
} from "../gbcs/asn1/index.ts";
import type { Certificate } from "../gbcs/certificate/certificate.ts";
import {
  type Judged,
  judgeReplacement,
  type PathTrust,
  readableCertificates,
} from "./replacement-certificate.ts";
import type { ReplacementMode } from "./replacement-mode.ts";
import type { AnchorCell, TrustAnchors } from "./trust-anchors.ts";

/** An authentic CS02b Command. */
export interface CredentialsUpdate {
  readonly originator: Eui64;
  readonly messageCode: number;
  readonly mode: ReplacementMode;
  readonly command: UpdateCredentialsCommand;
}

/** What the hub is when a replacement takes effect. */
export interface ReplacementState {
  readonly anchors: TrustAnchors;
  /** Last counter accepted, by role. */
  readonly counterOf: (role: number) => bigint | undefined;
  /** Unix milliseconds; undefined where the clock is not reliable, and validity of certificates then does not count. */
  readonly reliableTime: number | undefined;
  /** Whether a floor counts below the last counter of a party that stays the same. */
  readonly lowersCounters: boolean;
}

/** What a replacement comes to; nothing is changed yet. */
export interface Replacement {
  readonly outcome: UpdateCredentialsOutcome;
  /** Whether every cell was replaced. */
  readonly success: boolean;
  readonly anchors: readonly AnchorCell[];
  readonly counters: ReadonlyMap<number, bigint>;
}

type CellOutcome = UpdateCredentialsOutcome["replacements"][number];

/**
 * Judges each certificate of a Command and its cell by themselves: one that cannot be replaced says why, and the others
 * are replaced all the same (gbcs-messages 9.3).
 */
export function replacementOf(update: CredentialsUpdate, state: ReplacementState): Replacement {
  const { command, originator, mode } = update;
  const authorised = state.anchors
    .cellsOf(mode.authoriser)
    .some(({ certificate }) => certificate.eui64 === originator);
  const trust = pathTrust(update, state);
  const judged = command.replacements.map(({ certificate, targetCell }) => ({
    cell: targetCell,
    // One that had to wait may find its authoriser replaced.
    judged: authorised ? judge(certificate, targetCell, update, state, trust) : OTHER,
  }));
  const anchors = judged.flatMap((one) =>
    "certificate" in one.judged ? [{ ...one.cell, certificate: one.judged.certificate }] : [],
  );
  const changes = counterChanges(update, new Set(anchors.map(({ role }) => role)));
  return {
    outcome: {
      authorisingSeqNumber: command.control.authorisingSeqNumber,
      mode: mode.mode,
      seqNumberChanges: changes,
      replacements: judged.map(({ cell, judged: one }) => cellOutcome(cell, one, state.anchors)),
    },
    success: anchors.length === judged.length,
    anchors,
    counters: new Map(
      changes.map(({ role, floorSeqNumber: floor }) => [
        role,
        lastCounter(role, floor, anchors, update, state),
      ]),
    ),
  };
}

/** The outcome of a Command of which nothing could be executed. */
export function nothingReplaced(
  { command, mode }: CredentialsUpdate,
  anchors: TrustAnchors,
): UpdateCredentialsOutcome {
  return {
    authorisingSeqNumber: command.control.authorisingSeqNumber,
    mode: mode.mode,
    seqNumberChanges: [],
    replacements: command.replacements.map(({ targetCell }) => cellOutcome(targetCell, OTHER, anchors)),
  };
}

const OTHER: Judged = { status: STATUS_CODE.other };

/** Paths end at the root that the Command leaves behind: what is certified by a root that goes would not hold. */
function pathTrust(update: CredentialsUpdate, state: ReplacementState): PathTrust {
  const { control, certificationPath, replacements } = update.command;
  const { reliableTime, anchors } = state;
  const applies = control.applyTimeBasedCpvChecks !== TIME_BASED_CPV_CHECKS.disapply;
  const present: PathTrust = {
    authorities: readableCertificates(certificationPath),
    root: anchors.root,
    unixSeconds: applies && reliableTime !== undefined ? Math.floor(reliableTime / 1_000) : undefined,
  };
  const next = replacements.find(({ targetCell }) => targetCell.role === REMOTE_PARTY_ROLE.root);
  if (next === undefined) return present;
  const judged = judge(next.certificate, next.targetCell, update, state, present);
  return "certificate" in judged ? { ...present, root: judged.certificate } : present;
}

function judge(
  der: Uint8Array,
  cell: TrustAnchorCell,
  { mode }: CredentialsUpdate,
  { anchors }: ReplacementState,
  trust: PathTrust,
): Judged {
  if (cellAt(cell, anchors) === undefined) return { status: STATUS_CODE.trustAnchorNotFound };
  if (!mode.replaces.has(cell.role)) return OTHER;
  return judgeReplacement(der, cell, trust);
}

function cellOutcome(cell: TrustAnchorCell, judged: Judged, anchors: TrustAnchors): CellOutcome {
  const existing = cellAt(cell, anchors)?.certificate;
  const replacing = "certificate" in judged ? judged.certificate : existing;
  return {
    cell,
    status: "certificate" in judged ? STATUS_CODE.success : judged.status,
    existingSubjectUniqueId: existing?.eui64 ?? NO_IDENTIFIER,
    existingSubjectKeyId: existing?.subjectKeyIdentifier ?? NO_KEY,
    replacingSubjectUniqueId: replacing?.eui64 ?? NO_IDENTIFIER,
    replacingSubjectKeyId: replacing?.subjectKeyIdentifier ?? NO_KEY,
  };
}

/** A root has no Entity Identifier, and an empty cell neither that nor a key. */
const NO_IDENTIFIER = "0000000000000000" as Eui64;
const NO_KEY = new Uint8Array(8);

/** A CHF has no cell for topping up. */
function cellAt(
  { role, keyUsage, cellUsage }: TrustAnchorCell,
  anchors: TrustAnchors,
): AnchorCell | undefined {
  return cellUsage === CELL_USAGE.management ? anchors.cell(role, keyUsage) : undefined;
}

/**
 * The floors that count: of roles with a cell replaced, for nobody may set another's counter. That of the authoriser's
 * own role stands first. A CHF has no specialist counters.
 */
function counterChanges({ command, mode }: CredentialsUpdate, replaced: ReadonlySet<number>) {
  const { newRemotePartyFloorSeqNumber: own, otherRemotePartySeqNumberChanges: others = [] } =
    command.control;
  return [
    ...(own === undefined ? [] : [{ role: mode.authoriser, floorSeqNumber: own }]),
    ...others.map(({ role, floorSeqNumber }) => ({ role, floorSeqNumber })),
  ].filter(({ role }) => replaced.has(role));
}

/** The last counter of a role from now on. Below what it was, old Commands of a party that stays would be taken again. */
function lastCounter(
  role: number,
  floor: bigint,
  replaced: readonly AnchorCell[],
  { command, mode }: CredentialsUpdate,
  { anchors, counterOf, lowersCounters }: ReplacementState,
): bigint {
  const stored = counterOf(role) ?? 0n;
  const { authorisingSeqNumber } = command.control;
  const last = role === mode.authoriser && authorisingSeqNumber > stored ? authorisingSeqNumber : stored;
  if (floor >= last || lowersCounters) return floor;
  const before = new Set(anchors.cellsOf(role).map(partyOf));
  const after = anchors
    .cellsOf(role)
    .map((cell) => replaced.find((one) => one.role === role && one.keyUsage === cell.keyUsage) ?? cell);
  return after.some((cell) => before.has(partyOf(cell))) ? last : floor;
}

function partyOf({ certificate }: { readonly certificate: Certificate }): Eui64 | undefined {
  return certificate.eui64;
}
