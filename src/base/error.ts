/**
 * The one error class of hanway: a surprise with a stable code, the field and the offset.
 *
 * Expected outcomes (a wrong MAC, an unknown device, a refused join) are return values and never come here.
 * Messages never hold keys, install codes or payload octets.
 */
export class HanwayError extends Error {
  /** Stable, machine-readable, from {@link ERROR_CODES}. */
  readonly code: ErrorCode;
  /** Name of the field or setting at fault, dotted, where there is one. */
  readonly field: string | undefined;
  /** The message without the code's words and the place. */
  readonly detail: string;
  /** Octet offset from the start of the decoded input, where there is one. */
  readonly offset: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    where: { field?: string; offset?: number; cause?: unknown } = {},
  ) {
    const place = [
      where.field === undefined ? "" : ` in ${where.field}`,
      where.offset === undefined ? "" : ` at octet ${where.offset}`,
    ].join("");
    super(
      `${ERROR_CODES[code]}${place}: ${detail}`,
      where.cause === undefined ? undefined : { cause: where.cause },
    );
    this.name = "HanwayError";
    this.code = code;
    this.detail = detail;
    this.field = where.field;
    this.offset = where.offset;
  }
}

/** Every code and the words a person reads before the detail. Codes are never renamed or reused. */
export const ERROR_CODES = {
  "decode/truncated": "message ends too early",
  "decode/trailing": "octets left over",
  "decode/length": "wrong length",
  "decode/value": "value not allowed",
  "decode/depth": "nested too deeply",
  "decode/size": "too large",
  "decode/checksum": "wrong checksum",
  "encode/value": "value cannot be encoded",
  "config/invalid": "setting not accepted",
  "config/missing": "setting missing",
  "config/unreadable": "configuration cannot be read",
  "radio/unavailable": "radio not available",
  "radio/port": "radio port cannot be opened",
  "radio/timeout": "radio did not answer",
  "radio/refused": "radio refused",
  "tunnel/closed": "tunnel closed",
  "wan/unavailable": "broker not reachable",
  "wan/listen": "embedded broker cannot listen",
  "store/failed": "store failed",
  "store/busy": "store is open in another process",
  "store/corrupt": "store is damaged",
  "store/newer": "store was written by a newer version",
  "emulator/listen": "emulator cannot listen",
  "crypto/key": "key not usable",
  "headend/unknown": "not known",
  "headend/value": "value not accepted",
  "headend/role": "party not allowed",
  internal: "internal fault",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
