import { ByteWriter } from "../../base/bytes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Random } from "../../base/random.ts";
import {
  type Credential,
  encodeKeyEstablishment,
  type InitiatorState,
  initiator,
  KEY_ESTABLISHMENT_CLUSTER,
  KEY_ESTABLISHMENT_COMMAND,
  KeyEstablishment,
  type KeyEstablishmentMessage,
  type KeyEstablishmentOutcome,
  keyEstablishmentSettings,
  mayRetry,
  SoftwareCbkeEngine,
  SUITES,
  type SuiteBit,
  TERMINATE_STATUS,
  type TrustedIssuer,
} from "../../cbke/index.ts";
import { writeHeader, type ZclHeader } from "../../zcl/header.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import type { DeviceNode } from "../stack/device-node.ts";
import { SE_PROFILE } from "./security.ts";
import type { ZclSender } from "./zcl-sender.ts";

/** What a device shows and trusts in key establishment. */
export interface DeviceCredentials {
  readonly credentials: readonly Credential[];
  readonly issuers: readonly TrustedIssuer[];
}

export interface KeyEstablishmentTimes {
  /** Pause before another try where the partner names none, in ms. */
  readonly retryMs: number;
  /** Time granted for the way there and back on top of what the partner states, in ms. */
  readonly transmissionMs: number;
}

export const KEY_ESTABLISHMENT_TIMES: KeyEstablishmentTimes = { retryMs: 10_000, transmissionMs: 5_000 };

export interface KeyEstablishmentPorts {
  /** What becomes of each message before it is sent; undefined swallows it. For devices that misbehave. */
  alter(message: KeyEstablishmentMessage): KeyEstablishmentMessage | undefined;
  ended(outcome: KeyEstablishmentOutcome): void;
}

type Exchange = KeyEstablishment<Exclude<InitiatorState, { phase: "idle" }>>;

/**
 * A device's side of key establishment (ZSE C.3.1): finds the Trust Centre's server, tries its best suite first, and
 * goes on trying for as long as the standard allows another try with this partner.
 */
export class KeyEstablishmentClient {
  /** KeyEstablishmentSuite bits of the certificates held. */
  readonly suites: number;
  readonly #engine: SoftwareCbkeEngine;
  readonly #issuers: readonly TrustedIssuer[];
  readonly #clock: Clock;
  readonly #times: KeyEstablishmentTimes;
  readonly #node: DeviceNode;
  readonly #sender: ZclSender;
  readonly #sourceEndpoint: number;
  readonly #ports: KeyEstablishmentPorts;
  #trustCenter: Eui64 | undefined;
  #exchange: Exchange | undefined;
  #retry: Timer | undefined;
  #release: (() => void) | undefined;

  constructor(options: {
    node: DeviceNode;
    sender: ZclSender;
    /** The device's endpoint for it. */
    sourceEndpoint: number;
    credentials: DeviceCredentials;
    random: Random;
    clock: Clock;
    times?: Partial<KeyEstablishmentTimes>;
    ports: KeyEstablishmentPorts;
  }) {
    const { node, credentials, random } = options;
    this.#node = node;
    this.#sender = options.sender;
    this.#sourceEndpoint = options.sourceEndpoint;
    this.#engine = new SoftwareCbkeEngine(node.eui64, credentials.credentials, random);
    this.suites = this.#engine.suites;
    this.#issuers = credentials.issuers;
    this.#clock = options.clock;
    this.#times = { ...KEY_ESTABLISHMENT_TIMES, ...options.times };
    this.#ports = options.ports;
  }

  begin(trustCenter: Eui64): void {
    this.stop();
    this.#trustCenter = trustCenter;
    this.#attempt(SUITES.toReversed().map(({ bit }) => bit));
  }

  /** Whatever is under way is forgotten without a word. */
  stop(): void {
    this.#trustCenter = undefined;
    this.#exchange = undefined;
    this.#rest();
  }

  /**
   * A frame of the cluster; `payload` is what follows the ZCL header. Only the Trust Centre's answers count. False for
   * what a client is not asked: a device serves nobody's key establishment itself.
   */
  receive(message: ApsMessage, header: ZclHeader, payload: Uint8Array, unicast: boolean): boolean {
    if (header.direction === "clientToServer") return false;
    const eui64 = this.#node.nwk.eui64Of(message.nodeId);
    if (eui64 === undefined || eui64 !== this.#node.trustCenter) return true;
    const from = { eui64, endpoint: message.sourceEndpoint };
    const apsCounter = message.sequence;
    this.#exchange?.receive({ from, apsCounter, unicast, commandId: header.command, payload });
    return true;
  }

  #rest(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#release?.();
    this.#release = undefined;
  }

  #attempt(suites: readonly SuiteBit[]): void {
    this.#rest();
    const [suite, ...others] = suites.filter((bit) => (this.suites & bit) !== 0);
    const partner = this.#trustCenter;
    if (suite === undefined || partner === undefined) return;
    this.#release = this.#node.stayAwake();
    this.#node.findServers(SE_PROFILE, KEY_ESTABLISHMENT_CLUSTER, (endpoints) => {
      const endpoint = endpoints?.[0];
      if (partner !== this.#trustCenter) return;
      if (endpoint === undefined) this.#again(this.#times.retryMs);
      else {
        this.#exchange = this.#open(others);
        this.#exchange.start({ eui64: partner, endpoint }, suite);
      }
    });
  }

  /** Every try is an exchange of its own: what an earlier one still has to say no longer counts. */
  #open(others: readonly SuiteBit[]): Exchange {
    const { transmissionMs } = this.#times;
    const settings = keyEstablishmentSettings(this.#engine, this.#issuers, { transmissionMs });
    const exchange: Exchange = new KeyEstablishment(initiator, settings, this.#engine, this.#clock, {
      send: ({ endpoint }, message) => this.#send(endpoint, message),
      installKey: async (_partner, linkKey) => {
        if (exchange !== this.#exchange || linkKey === undefined)
          throw new HanwayError("internal", "key establishment was given up");
        this.#node.setTrustCenterLinkKey(linkKey);
      },
      ended: (outcome) => {
        if (exchange === this.#exchange) this.#ended(outcome, others);
      },
      trustedTime: () => undefined,
    });
    return exchange;
  }

  #send(endpoint: number, message: KeyEstablishmentMessage): Promise<void> {
    const altered = this.#ports.alter(message);
    if (altered === undefined) return Promise.resolve();
    const out = {
      nodeId: this.#node.nwk.parent ?? 0,
      profile: SE_PROFILE,
      cluster: KEY_ESTABLISHMENT_CLUSTER,
      sourceEndpoint: this.#sourceEndpoint,
      destinationEndpoint: endpoint,
      apsSecurity: false,
      payload: encodeFrame(altered, this.#sender.nextSequence()),
    };
    return new Promise((sent, failed) => {
      this.#sender.post(out, (outcome) => {
        if (outcome === "delivered") sent();
        else failed(new HanwayError("radio/unavailable", "not acknowledged"));
      });
    });
  }

  #ended(outcome: KeyEstablishmentOutcome, others: readonly SuiteBit[]): void {
    this.#exchange = undefined;
    this.#rest();
    this.#ports.ended(outcome);
    if (outcome.result === "established") return;
    const refused = outcome.result === "terminated" && outcome.by === "partner";
    if (refused && outcome.status === TERMINATE_STATUS.unsupportedSuite && others.length > 0)
      this.#attempt(others);
    else if (mayRetry(outcome))
      this.#again(Math.max(this.#times.retryMs, refused ? outcome.waitSeconds * 1_000 : 0));
  }

  #again(ms: number): void {
    this.#rest();
    const trustCenter = this.#trustCenter;
    this.#retry = this.#clock.after(ms, () => {
      if (trustCenter !== undefined) this.begin(trustCenter);
    });
  }
}

function encodeFrame(message: KeyEstablishmentMessage, sequence: number): Uint8Array {
  const payload = encodeKeyEstablishment(message);
  const out = new ByteWriter(payload.length + 3);
  writeHeader(out, {
    frameType: "cluster",
    direction: "clientToServer",
    disableDefaultResponse: true,
    sequence,
    command: KEY_ESTABLISHMENT_COMMAND[message.kind],
  });
  return out.bytes(payload).done();
}
