/** Names of data-access-result and action-result (DLMS UA); the two agree but for 1, 13 and 14 of the latter. */
const NAMES: Readonly<Record<number, string>> = {
  0: "success",
  1: "hardware-fault",
  2: "temporary-failure",
  3: "read-write-denied",
  4: "object-undefined",
  9: "object-class-inconsistent",
  11: "object-unavailable",
  12: "type-unmatched",
  13: "scope-of-access-violated",
  14: "data-block-unavailable",
  15: "long-transfer-aborted",
  16: "no-long-transfer-in-progress",
  250: "other-reason",
};

export const SUCCESS = 0;
export const HARDWARE_FAULT = 1;
export const OBJECT_UNDEFINED = 4;
/** What every item after the first failed one reports, GBCS requests being break-on-error. */
export const OTHER_REASON = 250;

/** The name of a result code, or `result-<n>` for one that DLMS does not name. */
export function accessResultName(result: number): string {
  return NAMES[result] ?? `result-${result}`;
}
