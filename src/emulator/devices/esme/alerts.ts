import type { Clock } from "../../../base/clock.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { REMOTE_PARTY_ROLE } from "../../../gbcs/asn1/index.ts";
import { type Data, dateTimeFromUnix, encodeDateTime, encodeDlms } from "../../../gbcs/dlms/index.ts";
import type { SecuredMessage } from "../../../gbcs/envelope/envelope.ts";
import { protectAs } from "../../../gbcs/security/protect.ts";
import type { MeterKeys } from "./keys.ts";

/** Codes of Table 16.2 that this meter logs or raises. */
export const METER_CODE = {
  clockNotAdjusted: 0x8f0c,
  contentIntegrity: 0x8f1e,
  noAuthority: 0x8f30,
  outageRestoredLong: 0x8f36,
  trustedSourceAuthentication: 0x8f3d,
  unauthorisedCommunication: 0x8f3e,
  tamper: 0x8f3f,
  joinFailed: 0x8f48,
  joined: 0x8f49,
  unjoinFailed: 0x8f4a,
  unjoined: 0x8f4b,
  eventLogCleared: 0x8f52,
  authenticationFailed: 0x8f53,
  supplyInterrupted: 0x8f57,
  futureDatedDone: 0x8f66,
  creditAdded: 0x810e,
  clockAdjusted: 0x8145,
} as const;

const MESSAGE = {
  outageRestored: 0x0067,
  futureDated: 0x00cc,
  critical: 0x1000,
  nonCritical: 0x1001,
} as const;
/** High octet of the long-invoke-id, as in Commands. */
const INVOKE = 0x2000_0000;

/** What the meter itself reports. */
export class MeterAlerts {
  readonly #keys: MeterKeys;
  readonly #clock: Clock;
  readonly #send: (message: Uint8Array) => void;
  #lastCounter = 0n;

  constructor(keys: MeterKeys, clock: Clock, send: (message: Uint8Array) => void) {
    this.#keys = keys;
    this.#clock = clock;
    this.#send = send;
  }

  /** The next value of the meter's own counter. Milliseconds of the clock keep it growing over restarts. */
  nextCounter(): bigint {
    const now = BigInt(Math.max(0, Math.floor(this.#clock.now())));
    this.#lastCounter = now > this.#lastCounter ? now : this.#lastCounter + 1n;
    return this.#lastCounter;
  }

  /** A critical alert without more than its code, to the supplier. */
  critical(code: number): void {
    this.#raise(MESSAGE.critical, code, [], this.#supplier());
  }

  /** A non-critical one, under a MAC. */
  nonCritical(code: number): void {
    this.#raise(MESSAGE.nonCritical, code, [], this.#supplier());
  }

  /** ECS80: the supply was out for three minutes or more; to the network operator. Unix milliseconds. */
  outageRestored(startMs: number, endMs: number): void {
    const body = [startMs, endMs].map((at): Data => octets(encodeDateTime(dateTimeFromUnix(at))));
    const operator = this.#keys.partyIn(REMOTE_PARTY_ROLE.networkOperator);
    this.#raise(MESSAGE.outageRestored, METER_CODE.outageRestoredLong, body, operator);
  }

  /** A future-dated Command has taken effect: message code, counter, class, logical name and attribute. */
  futureDated(command: { readonly originator: Eui64 }, what: Uint8Array): void {
    this.#raise(MESSAGE.futureDated, METER_CODE.futureDatedDone, [octets(what)], command.originator);
  }

  #supplier(): Eui64 | undefined {
    return this.#keys.partyIn(REMOTE_PARTY_ROLE.supplier);
  }

  #raise(messageCode: number, code: number, body: readonly Data[], target: Eui64 | undefined): void {
    if (target === undefined) return;
    const counter = this.nextCounter();
    const { self, signer, agreement, accessControlBroker } = this.#keys;
    const message: SecuredMessage = {
      kind: "ALERT",
      counter,
      originator: self,
      target,
      dateTime: null,
      messageCode,
      supplementary: null,
      content: notification(counter, code, this.#clock.now(), body),
      signature: null,
      mac: null,
    };
    const protection = messageCode === MESSAGE.nonCritical ? "mac" : "signature";
    const mac = { keys: agreement, accessControlBroker };
    this.#send(protectAs(message, protection, { signature: signer, mac }));
  }
}

function notification(counter: bigint, code: number, now: number, body: readonly Data[]): Uint8Array {
  return encodeDlms({
    type: "data-notification",
    invokeId: INVOKE + Number(BigInt.asUintN(24, counter)),
    dateTime: new Uint8Array(0),
    body: {
      type: "structure",
      value: [{ type: "u16", value: code }, octets(encodeDateTime(dateTimeFromUnix(now))), ...body],
    },
  });
}

function octets(value: Uint8Array): Data {
  return { type: "octet-string", value };
}
