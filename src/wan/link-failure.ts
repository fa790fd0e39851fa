import { ReasonCodes } from "mqtt";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";

/** What the codes of Node, OpenSSL and the system mean to who runs the hub. */
const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ENOTFOUND: "the host name is not known",
  EAI_AGAIN: "the host name cannot be looked up now",
  ETIMEDOUT: "it does not answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no network",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet, or the hub's clock is wrong",
  CERT_REVOKED: "its certificate is revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not from the trusted authority",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not from the trusted authority",
  UNABLE_TO_GET_ISSUER_CERT: "its certificate is not from the trusted authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate is not from the trusted authority",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not from the trusted authority",
  CERT_SIGNATURE_FAILURE: "its certificate is not from the trusted authority",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it speaks no TLS version from 1.2 on",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it speaks no TLS version from 1.2 on",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "it wants a certificate of the hub",
};

/** OpenSSL's reason in an error that has no code of its own (EPROTO), whose text has addresses and line ends in it. */
const OPENSSL_REASON = /:SSL routines:[^:]*:([\w ]{1,60}):/;

/** The driver's own words for what has no code. */
const DRIVER_WORDS: Readonly<Record<string, string>> = {
  "connack timeout": "it does not answer",
  "Keepalive timeout": "it has fallen silent",
};

const REASONS: Readonly<Record<number, string>> = ReasonCodes;

/** A reason code of MQTT in words, with its number. */
export function reasonWords(code: number): string {
  const words = REASONS[code];
  return words === undefined || words === "" ? `code ${code}` : `${words} (${code})`;
}

/** The broker's TLS alert about what the hub showed. */
const REFUSED_OURS =
  /^ERR_SSL_[\w/]*ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;

/** Whether an error is TLS's own, which says nothing about MQTT versions. */
export function isTlsError(error: Error): boolean {
  const code = codeOf(error);
  return code !== undefined && /^ERR_(?:SSL|TLS|OSSL)_/.test(code);
}

/**
 * How far a TLS connection had come; undefined without TLS. A broker that does not like what it was shown resets the
 * connection, and its alert is then often lost.
 */
export type TlsStage = "handshake" | "shown-certificate" | "shown-none";

const RESET_BY_STAGE: Record<TlsStage, string> = {
  handshake: "the connection was reset while TLS was being set up; it may not speak TLS at this port",
  "shown-certificate":
    "the connection was reset right after TLS; it probably does not accept the hub's certificate",
  "shown-none": "the connection was reset right after TLS; it probably wants a certificate of the hub",
};

/** One clear clause about why a connection failed before it was up. */
export function failureSentence(error: Error, stage: TlsStage | undefined): string {
  const code = codeOf(error);
  if (code === undefined) return DRIVER_WORDS[error.message] ?? error.message;
  if (stage !== undefined && (code === "ECONNRESET" || code === "EPIPE")) return RESET_BY_STAGE[stage];
  const known = SENTENCES[code];
  if (known !== undefined) return known;
  if (REFUSED_OURS.test(code)) return "it does not accept the hub's certificate";
  // OpenSSL's own words have an address in them, different every time.
  return isTlsError(error) ? `TLS failed (${code})` : error.message;
}

function codeOf(error: Error): string | undefined {
  if (!("code" in error) || typeof error.code !== "string") return undefined;
  const reason = error.code === "EPROTO" ? OPENSSL_REASON.exec(error.message)?.[1] : undefined;
  return reason === undefined ? error.code : `ERR_SSL_${reason.toUpperCase().replaceAll(" ", "_")}`;
}

/** How long a failure that stays the same is not told again, in milliseconds. */
const AGAIN_MS = 10 * 60_000;

/** Reasons that are remembered of one broker, so that some that take turns are not news each time. */
const REASONS_KEPT = 10;

interface Told {
  at: number;
  times: number;
}

/** Tells why links end: a new reason at once, one that was told lately now and then with how often it came. */
export class FailureLog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #told = new Map<number, Map<string, Told>>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  ended(broker: number, sentence: string, fields: object): void {
    const now = this.#clock.elapsed();
    const reasons = this.#reasonsOf(broker);
    const last = reasons.get(sentence);
    if (last !== undefined && now - last.at < AGAIN_MS) {
      last.times += 1;
      return;
    }
    const times = last?.times ?? 0;
    reasons.delete(sentence);
    reasons.set(sentence, { at: now, times: 0 });
    for (const oldest of reasons.keys()) {
      if (reasons.size <= REASONS_KEPT) break;
      reasons.delete(oldest);
    }
    const repeated = times === 0 ? {} : { times: times + 1 };
    this.#log.warn({ broker, ...fields, ...repeated }, `broker link ended: ${sentence}`);
  }

  /** The broker was reached: what ends the link next is news again. */
  held(broker: number): void {
    this.#told.delete(broker);
  }

  #reasonsOf(broker: number): Map<string, Told> {
    const known = this.#told.get(broker) ?? new Map<string, Told>();
    this.#told.set(broker, known);
    return known;
  }
}
