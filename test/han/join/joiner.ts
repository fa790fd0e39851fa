import { ByteReader, ByteWriter } from "../../../src/base/bytes.ts";
import type { Eui64 } from "../../../src/base/eui64.ts";
import { InstallCode } from "../../../src/base/install-code.ts";
import { SeededRandom } from "../../../src/base/random.ts";
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
  SoftwareCbkeEngine,
  type SuiteBit,
  testAuthorities,
} from "../../../src/cbke/index.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import type { ApsMessage } from "../../../src/emulator/stack/coordinator.ts";
import type { DeviceNode } from "../../../src/emulator/stack/device-node.ts";
import { CHF_ENDPOINT } from "../../../src/han/radio/endpoints.ts";
import { readHeader, writeHeader } from "../../../src/zcl/header.ts";
import type { Bench } from "../radio/bench.ts";

export const SEED = 2026;
export const CODE = InstallCode("83FED3407A939723A5C639B26916D505C3B5");

/** What becomes of a message on its way to the hub: sent as given, in this order. */
export type Tamper = (message: KeyEstablishmentMessage) => readonly KeyEstablishmentMessage[];

export interface JoinerOptions {
  suite?: SuiteBit;
  /** The certificate it shows; its own by default. */
  credential?: Credential;
  code?: InstallCode;
  tamper?: Tamper;
  /** Whether it begins key establishment as soon as it is on the network. */
  starts?: boolean;
  /** It tries again after an exchange that failed, in milliseconds. */
  retryMs?: number;
}

/** A device of the own test authority: a node on the air, and the initiator of key establishment above it. */
export class Joiner {
  readonly eui64: Eui64;
  readonly node: DeviceNode;
  readonly outcomes: KeyEstablishmentOutcome[] = [];
  /** Whole frames for its endpoint other than Key Establishment. */
  readonly received: ApsMessage[] = [];
  readonly answers: KeyEstablishmentMessage["kind"][] = [];
  key: Uint8Array | undefined;
  readonly #exchange: KeyEstablishment<Exclude<InitiatorState, { phase: "idle" }>>;
  readonly #suite: SuiteBit;
  readonly #tamper: Tamper;
  #sequence = 0;
  #hub: Eui64;

  constructor(bench: Bench, eui64: Eui64, hub: Eui64, options: JoinerOptions = {}) {
    this.eui64 = eui64;
    this.#hub = hub;
    this.#suite = options.suite ?? 2;
    this.#tamper = options.tamper ?? ((message) => [message]);
    this.node = bench.device(eui64, installCodeKey(options.code ?? CODE));
    const authorities = testAuthorities(SEED);
    const own = authorities.find(({ suite }) => suite === this.#suite);
    if (own === undefined) throw new Error("no such suite");
    const engine = new SoftwareCbkeEngine(
      eui64,
      [options.credential ?? own.issue(eui64)],
      new SeededRandom(5),
    );
    const issuers = authorities.map((authority) => authority.trusted());
    this.#exchange = new KeyEstablishment(
      initiator,
      keyEstablishmentSettings(engine, issuers, { transmissionMs: 1_500 }),
      engine,
      bench.clock,
      {
        send: (_, message) => this.#send(message),
        installKey: async (_, key) => {
          if (key !== undefined) this.useKey(key);
        },
        ended: (outcome) => {
          this.outcomes.push(outcome);
          const again = outcome.result !== "established" && options.retryMs !== undefined;
          if (again) bench.clock.after(options.retryMs ?? 0, () => this.establish());
        },
        trustedTime: () => undefined,
      },
    );
    this.node.onMessage = (message) => this.#frame(message);
    this.node.onEvent = (event) => {
      if (event.type === "up" && event.how === "joined" && options.starts !== false) this.establish();
    };
  }

  useKey(key: Uint8Array): void {
    this.key = key.slice();
    this.node.setTrustCenterLinkKey(key);
  }

  establish(): void {
    this.#exchange.start({ eui64: this.#hub, endpoint: CHF_ENDPOINT }, this.#suite);
  }

  get phase(): string {
    return this.#exchange.phase;
  }

  /** Sends a ZCL frame to the hub. */
  zcl(cluster: number, apsSecurity: boolean, payload: Uint8Array, endpoint = CHF_ENDPOINT) {
    return this.node.send({
      nodeId: 0,
      profile: 0x0109,
      cluster,
      sourceEndpoint: 1,
      destinationEndpoint: endpoint,
      apsSecurity,
      payload,
    });
  }

  /** A Key Establishment request as octets, also one that no machine would send. */
  raw(kind: KeyEstablishmentMessage["kind"], payload: Uint8Array) {
    const writer = new ByteWriter(128);
    this.#sequence = (this.#sequence + 1) & 0xff;
    writeHeader(writer, {
      frameType: "cluster",
      direction: "clientToServer",
      disableDefaultResponse: true,
      sequence: this.#sequence,
      command: KEY_ESTABLISHMENT_COMMAND[kind],
    });
    return this.zcl(KEY_ESTABLISHMENT_CLUSTER, false, writer.bytes(payload).done());
  }

  async #send(message: KeyEstablishmentMessage): Promise<void> {
    for (const one of this.#tamper(message)) {
      const outcome = await this.raw(one.kind, encodeKeyEstablishment(one));
      if (outcome !== "delivered") throw new Error(outcome);
    }
  }

  #frame(message: ApsMessage): void {
    if (message.cluster !== KEY_ESTABLISHMENT_CLUSTER || (message.payload[0] ?? 0) % 4 !== 1) {
      this.received.push(message);
      return;
    }
    const reader = new ByteReader(message.payload);
    const header = readHeader(reader);
    const kind = Object.entries(KEY_ESTABLISHMENT_COMMAND).find(([, id]) => id === header.command)?.[0];
    if (kind === "initiate" || kind === "ephemeralData" || kind === "confirmKey" || kind === "terminate")
      this.answers.push(kind);
    this.#exchange.receive({
      from: { eui64: this.#hub, endpoint: message.sourceEndpoint },
      apsCounter: message.sequence,
      unicast: true,
      commandId: header.command,
      payload: reader.rest(),
    });
  }
}
