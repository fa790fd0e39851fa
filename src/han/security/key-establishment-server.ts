import { ByteWriter } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import {
  encodeKeyEstablishment,
  KEY_ESTABLISHMENT_CLUSTER,
  KEY_ESTABLISHMENT_COMMAND,
  KeyEstablishment,
  type KeyEstablishmentMessage,
  type KeyEstablishmentOutcome,
  keyEstablishmentSettings,
  type Partner,
  type ResponderState,
  responder,
} from "../../cbke/index.ts";
import { writeHeader, type ZclHeader } from "../../zcl/header.ts";
import type { IncomingAps, OutgoingAps, SendOutcome } from "../radio/port.ts";
import type { HubSecurity } from "./credentials.ts";
import { PROFILE_SMART_ENERGY } from "./policy.ts";

/** What the home network does for key establishment. */
export interface KeyEstablishmentServerPorts {
  readonly clock: Clock;
  send(message: OutgoingAps): Promise<SendOutcome>;
  /** Takes a fresh link key into use and stores it: 16 octets; undefined where the radio's chip keeps it itself. */
  install(device: Eui64, linkKey: Uint8Array | undefined): Promise<void>;
  started(device: Eui64): void;
  ended(device: Eui64, outcome: KeyEstablishmentOutcome): void;
  /** Unix seconds, or undefined while the hub's clock cannot be trusted. */
  trustedTime(): number | undefined;
}

interface ReturnPath {
  readonly nodeId: number;
  readonly ownEndpoint: number;
  readonly sequence: number;
}

export interface KeyEstablishmentServerSettings {
  /** Exchanges at once: after a power cut all devices of a home come together. One more is told to wait. */
  readonly exchanges: number;
  /** Seconds that it is told to wait, 0 to 254; an exchange takes one or two. */
  readonly waitSeconds: number;
}

export const KEY_ESTABLISHMENT_SERVER: KeyEstablishmentServerSettings = { exchanges: 8, waitSeconds: 2 };

/** One responder, and the device that it last served: it knows the repeated frames of that one. */
interface Slot {
  readonly exchange: KeyEstablishment<Exclude<ResponderState, { phase: "idle" }>>;
  partner: Eui64 | undefined;
}

/**
 * The hub as server of the Key Establishment cluster (ZSE C.3.1): it answers any device on its list, one exchange
 * for each, from whichever endpoint the device found. Its identity is that of the radio.
 */
export class KeyEstablishmentServer {
  /** KeyEstablishmentSuite, for whoever reads the attribute. */
  readonly suites: number;
  /** Longest unused first. */
  #slots: readonly Slot[];
  readonly #send: KeyEstablishmentServerPorts["send"];
  readonly #started: (device: Eui64) => void;
  readonly #paths = new Map<Eui64, ReturnPath>();

  constructor(
    { engine, issuers }: HubSecurity,
    { exchanges, waitSeconds }: KeyEstablishmentServerSettings,
    ports: KeyEstablishmentServerPorts,
  ) {
    this.suites = engine.suites;
    this.#send = ports.send;
    this.#started = ports.started;
    const settings = keyEstablishmentSettings(engine, issuers, { waitSeconds });
    this.#slots = Array.from({ length: exchanges }, () => ({
      partner: undefined,
      exchange: new KeyEstablishment(responder, settings, engine, ports.clock, {
        send: (to, message) => this.#reply(to, message),
        installKey: ({ eui64 }, linkKey) => ports.install(eui64, linkKey),
        ended: (outcome) => ports.ended(outcome.partner.eui64, outcome),
        trustedTime: () => ports.trustedTime(),
      }),
    }));
  }

  /** A command of the cluster, client to server, from a device on the list; `payload` is what follows the header. */
  receive(device: Eui64, frame: IncomingAps, header: ZclHeader, payload: Uint8Array): void {
    const { nodeId, sourceEndpoint, destinationEndpoint, apsCounter, broadcast } = frame;
    if (!broadcast)
      this.#paths.set(device, { nodeId, ownEndpoint: destinationEndpoint, sequence: header.sequence });
    const slot = this.#slotFor(device);
    const idle = slot.exchange.phase === "idle";
    if (idle) {
      slot.partner = device;
      this.#slots = [...this.#slots.filter((other) => other !== slot), slot];
    }
    slot.exchange.receive({
      from: { eui64: device, endpoint: sourceEndpoint },
      apsCounter,
      unicast: !broadcast,
      commandId: header.command,
      payload,
    });
    if (idle && slot.exchange.phase !== "idle") this.#started(device);
  }

  /** Its own, else one that is idle; else any, which tells it to wait. */
  #slotFor(device: Eui64): Slot {
    const [first] = this.#slots;
    const slot =
      this.#slots.find(({ partner }) => partner === device) ??
      this.#slots.find(({ exchange }) => exchange.phase === "idle") ??
      first;
    if (slot === undefined) throw new HanwayError("internal", "no exchange is allowed at all");
    return slot;
  }

  /** The device is no longer on the list. */
  forget(device: Eui64): void {
    this.#paths.delete(device);
  }

  async #reply(to: Partner, message: KeyEstablishmentMessage): Promise<void> {
    const path = this.#paths.get(to.eui64);
    if (path === undefined) throw new HanwayError("internal", "no way back to the device");
    const outcome = await this.#send({
      nodeId: path.nodeId,
      profile: PROFILE_SMART_ENERGY,
      cluster: KEY_ESTABLISHMENT_CLUSTER,
      sourceEndpoint: path.ownEndpoint,
      destinationEndpoint: to.endpoint,
      security: "network",
      payload: encodeReply(message, path.sequence),
    });
    if (outcome !== "delivered") throw new HanwayError("radio/unavailable", "not acknowledged");
  }
}

function encodeReply(message: KeyEstablishmentMessage, sequence: number): Uint8Array {
  const writer = new ByteWriter(90);
  writeHeader(writer, {
    frameType: "cluster",
    direction: "serverToClient",
    disableDefaultResponse: true,
    sequence,
    command: KEY_ESTABLISHMENT_COMMAND[message.kind],
  });
  return writer.bytes(encodeKeyEstablishment(message)).done();
}
