import { type Clock, UtcSeconds } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { UndeliveredCommand } from "../base/routing.ts";
import type { Uplink, UplinkLane } from "../base/uplink.ts";
import { encodeAsn1, GeneralizedTime, type UpdateCredentialsAlert } from "../gbcs/asn1/index.ts";
import { type Data, dateTimeFromUnix, encodeDateTime, encodeDlms } from "../gbcs/dlms/index.ts";
import type { SecuredMessage } from "../gbcs/envelope/envelope.ts";
import type { KeyAgreement } from "../gbcs/security/key-agreement.ts";
import { protectAs } from "../gbcs/security/protect.ts";
import type { Signer } from "../gbcs/security/signature.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import { backupOf } from "./backup.ts";
import { type ChfLogs, CODE } from "./logs.ts";
import type { ChfSettings } from "./ports.ts";
import type { ChfRepository } from "./repository.ts";
import type { TrustAnchors } from "./trust-anchors.ts";
import { undeliveredDer, undeliveredOctets } from "./undelivered-content.ts";

/** Keys of the hub: what its own private keys can do, and whom it trusts. */
export interface ChfKeys {
  /** The CHF's Entity Identifier. */
  readonly self: Eui64;
  readonly agreement: KeyAgreement;
  /** Undefined for a hub without a signing key, whose signed messages stay unsent. */
  readonly signer: Signer | undefined;
  readonly anchors: TrustAnchors;
}

/** The outcome of a Command that was dated. */
export interface CredentialsUpdated {
  readonly alertCode: UpdateCredentialsAlert["alertCode"];
  /** When it took effect, Unix milliseconds. */
  readonly at: number;
  readonly outcome: UpdateCredentialsAlert["outcome"];
}

/** What of an alert is not its content. */
interface AlertOutside {
  readonly messageCode: number;
  readonly code: number;
  readonly target: Eui64;
  readonly lane?: UplinkLane;
}

const COUNTER = "alertCounter";
const MESSAGE = {
  deviceLogChanged: 0x0018,
  credentialsUpdated: 0x00cb,
  deliveryFailed: 0x00d5,
  genericCritical: 0x1000,
  genericNonCritical: 0x1001,
} as const;
/** High octet of the long-invoke-id, as in Commands. */
const INVOKE = 0x2000_0000;
/** Room for alerts between two values that clocks of one second could give. */
const COUNTERS_A_SECOND = 20n;

/**
 * What the hub itself reports to the Access Control Broker (gbcs-alerts 3). Everything joins the store transaction
 * that is open: an alert and its counter are safe together, with the change that it reports.
 */
export class ChfAlerts {
  readonly #keys: ChfKeys;
  readonly #repository: ChfRepository;
  readonly #logs: ChfLogs;
  readonly #uplink: Uplink;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(
    keys: ChfKeys,
    ports: { repository: ChfRepository; logs: ChfLogs; uplink: Uplink; clock: Clock; log: Log },
  ) {
    this.#keys = keys;
    this.#repository = ports.repository;
    this.#logs = ports.logs;
    this.#uplink = ports.uplink;
    this.#clock = ports.clock;
    this.#log = ports.log;
  }

  /** CS14: the whole CHF Device Log, after every addition, removal or change of a link key's hash. */
  deviceLogChanged(deviceLog: DeviceLog): void {
    this.#repository.store.transaction(() => {
      this.#logs.security(CODE.deviceLogChanged);
      const backup = backupOf(deviceLog.entries(), deviceLog.extendedPanId, this.#clock.now());
      this.#notify(MESSAGE.deviceLogChanged, CODE.deviceLogChanged, [backup], "mac");
    });
  }

  /** A critical alert that says no more than its code and when. */
  critical(code: number): void {
    this.#repository.store.transaction(() => this.#notify(MESSAGE.genericCritical, code, [], "signature"));
  }

  /** A non-critical alert that says no more than its code and when. */
  nonCritical(code: number): void {
    this.#repository.store.transaction(() => this.#notify(MESSAGE.genericNonCritical, code, [], "mac"));
  }

  /** What came of a CS02b Command that had waited for its time (Unix milliseconds), for the party that sent it. */
  credentialsUpdated(target: Eui64, { alertCode, at, outcome }: CredentialsUpdated): void {
    const time = GeneralizedTime(Math.floor(at / 1_000));
    const content = encodeAsn1(MESSAGE.credentialsUpdated, "alert", { alertCode, time, outcome });
    const alert = { messageCode: MESSAGE.credentialsUpdated, code: alertCode, target };
    this.#repository.store.transaction(() => this.#send(alert, () => content, "signature"));
  }

  /** A Command that did not reach its ESME. Whoever sent it waits for this as for a Response. */
  undelivered(command: UndeliveredCommand, { form, protection }: ChfSettings["undelivered"]): void {
    const code = CODE.deliveryFailed;
    const now = this.#clock.now();
    const content = (counter: bigint) =>
      form === "der"
        ? undeliveredDer(command, now)
        : notification(counter, code, now, [{ type: "octet-string", value: undeliveredOctets(command) }]);
    const target = this.#keys.anchors.accessControlBroker;
    const alert = { messageCode: MESSAGE.deliveryFailed, code, target, lane: "response" } as const;
    this.#repository.store.transaction(() => this.#send(alert, content, protection));
  }

  /** The counter that the next alert will carry follows this one: for conformance runs. */
  seedCounter(last: bigint): void {
    this.#repository.setFact(COUNTER, last.toString());
  }

  /** An alert to the Access Control Broker in the form of DLMS. */
  #notify(messageCode: number, code: number, body: readonly Data[], protection: "mac" | "signature"): void {
    const alert = { messageCode, code, target: this.#keys.anchors.accessControlBroker };
    this.#send(alert, (counter) => notification(counter, code, this.#clock.now(), body), protection);
  }

  #send(
    { messageCode, code, target, lane = "power-security" }: AlertOutside,
    content: (counter: bigint) => Uint8Array,
    protection: "mac" | "signature",
  ): void {
    const { self, anchors, signer, agreement } = this.#keys;
    if (protection === "signature" && signer === undefined) {
      this.#log.warn(
        { alert: code },
        "an alert that needs a signature is not sent: the hub has no signing key",
      );
      return;
    }
    const counter = this.#nextCounter();
    const message: SecuredMessage = {
      kind: "ALERT",
      counter,
      originator: self,
      target,
      dateTime: null,
      messageCode,
      supplementary: null,
      content: content(counter),
      signature: null,
      mac: null,
    };
    const mac = { keys: agreement, accessControlBroker: anchors.accessControlBroker };
    const payload = protectAs(message, protection, { signature: signer, mac });
    const outcome = this.#uplink.put({ device: self, lane, payload });
    if (outcome !== "safe") this.#log.error({ alert: code, outcome }, "alert not stored");
  }

  /**
   * Alerts count upwards for ever, for a counter used twice would use a key and its IV twice. A new store begins where
   * no former one of the same hub can have come to.
   */
  #nextCounter(): bigint {
    const last = this.#repository.fact(COUNTER);
    const next =
      last === undefined ? BigInt(UtcSeconds(this.#clock.now())) * COUNTERS_A_SECOND : BigInt(last) + 1n;
    if (next > 0xffff_ffff_ffff_ffffn || next < 0n) {
      throw new HanwayError("internal", "the alert counter is used up", { field: COUNTER });
    }
    this.#repository.setFact(COUNTER, next.toString());
    return next;
  }
}

function notification(counter: bigint, code: number, now: number, body: readonly Data[]): Uint8Array {
  const time = encodeDateTime(dateTimeFromUnix(now));
  return encodeDlms({
    type: "data-notification",
    invokeId: INVOKE + Number(BigInt.asUintN(24, counter)),
    dateTime: new Uint8Array(0),
    body: {
      type: "structure",
      value: [{ type: "u16", value: code }, { type: "octet-string", value: time }, ...body],
    },
  });
}
