/** Status of Terminate Key Establishment (ZSE C.3.1.2.3.4). */
export const TERMINATE_STATUS = {
  unknownIssuer: 1,
  badKeyConfirm: 2,
  badMessage: 3,
  noResources: 4,
  unsupportedSuite: 5,
  invalidCertificate: 6,
} as const;

/** One of {@link TERMINATE_STATUS}, or a status of a later edition. */
export type TerminateStatus = number;

/** Why something of a partner is refused: the status to tell it and a reason for the log. */
export interface Refusal {
  readonly status: TerminateStatus;
  readonly reason: string;
}

export function terminateStatusName(status: TerminateStatus): string {
  const known = Object.entries(TERMINATE_STATUS).find(([, value]) => value === status);
  return known === undefined ? `status ${status}` : known[0];
}
