import { ByteReader } from "../../../base/bytes.ts";
import type { Clock } from "../../../base/clock.ts";
import { HanwayError } from "../../../base/error.ts";
import type { NwkIncoming, NwkLayer } from "../network/nwk.ts";
import { isBroadcast } from "../network/nwk-frame.ts";
import { decodeApsCommand } from "./aps-command.ts";
import { type DataHeader, decodeApsHeader } from "./aps-frame.ts";
import type { ApsDrops, ApsHandlers } from "./aps-handlers.ts";
import { ackHeader, messageFrom } from "./aps-message.ts";
import type { ApsSecurity, Opened } from "./aps-security.ts";
import { Duplicates } from "./duplicates.ts";

export interface ApsReceiverPorts {
  /** Sends an ACK. */
  transmit(nodeId: number, header: DataHeader): void;
  /** An ACK has come. */
  acknowledged(source: number, header: DataHeader): void;
}

/** The way in through the APS layer: security, then commands, ACKs and data; data is acknowledged and never told twice. */
export class ApsReceiver {
  readonly duplicates: Duplicates;
  readonly #nwk: NwkLayer;
  readonly #security: ApsSecurity;
  readonly #handlers: ApsHandlers;
  readonly #drops: ApsDrops;
  readonly #ports: ApsReceiverPorts;

  constructor(options: {
    nwk: NwkLayer;
    clock: Clock;
    security: ApsSecurity;
    handlers: ApsHandlers;
    drops: ApsDrops;
    ports: ApsReceiverPorts;
  }) {
    this.duplicates = new Duplicates(options.clock);
    this.#nwk = options.nwk;
    this.#security = options.security;
    this.#handlers = options.handlers;
    this.#drops = options.drops;
    this.#ports = options.ports;
  }

  /** A NWK payload. Anything wrong is counted and dropped, never thrown. */
  receive(frame: NwkIncoming): void {
    try {
      this.#decode(frame);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#drops.malformed++;
    }
  }

  #decode(frame: NwkIncoming): void {
    const reader = new ByteReader(frame.payload);
    const header = decodeApsHeader(reader);
    const opened = this.#security.open(frame, header, reader);
    if (!opened) return;
    if (header.type === "command") this.#command(frame, opened);
    else if (frame.securedBy === undefined) this.#nwk.drops.unsecured++;
    else if (header.type === "ack") this.#ports.acknowledged(frame.header.source, header);
    else this.#data(frame, header, opened.payload);
  }

  #command(frame: NwkIncoming, { payload, eui64, securedWith, link }: Opened): void {
    const nwkSecured = frame.securedBy !== undefined;
    const meta = { nodeId: frame.header.source, eui64, securedWith, link, nwkSecured };
    this.#handlers.command(decodeApsCommand(payload), meta);
  }

  #data(frame: NwkIncoming, header: DataHeader, payload: Uint8Array): void {
    const { source, destination } = frame.header;
    const message = messageFrom(source, header, payload);
    const broadcast = isBroadcast(destination);
    // Blocks are acknowledged by windows, and known again by their numbers: that is the reassembly's business.
    if (header.ackRequest && !broadcast && !message.fragment) this.#ports.transmit(source, ackHeader(header));
    if (!message.fragment && this.duplicates.seen(source, header.counter)) {
      this.#drops.duplicate++;
      return;
    }
    const kind = header.delivery === "group" ? "multicast" : broadcast ? "broadcast" : "unicast";
    this.#handlers.data(message, { kind, quality: frame.quality });
  }
}
