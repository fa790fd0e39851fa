import { concatBytes } from "../../base/bytes.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import { STATUS } from "../../zcl/data/names.ts";
import type { ZclHeader } from "../../zcl/header.ts";
import {
  encodeTunnelling,
  NO_MANUFACTURER_CODE,
  PROTOCOL_GB_HRGP,
  TUNNEL_STATUS,
  TUNNELLING_CLUSTER,
  type TunnellingCommand,
} from "../../zcl/tunnelling.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import { HubQuestion, type HubQuestionSettings } from "./hub-question.ts";
import type { MessageLink, MessageLinkPorts, TunnelAnswer } from "./message-link.ts";
import { SE_PROFILE } from "./security.ts";

/** The first octet of every message between gas meter and hub (GBCS 10.2.2.1). */
const PREFIX = { get: 0x01, getResponse: 0x02, put: 0x03 } as const;

export interface MailboxSettings extends HubQuestionSettings {
  /** Octets that the meter takes in one transfer. */
  maximumIncomingTransferSize: number;
  /** Between wakes, in ms; wakes fall on whole multiples of it in Unix time. */
  wakeEveryMs: number;
  /** How long a message is kept that the hub does not take, in ms. */
  giveUpMs: number;
}

export const MAILBOX_DEFAULTS: MailboxSettings = {
  maximumIncomingTransferSize: 1_500,
  wakeEveryMs: 1_800_000,
  answerMs: 10_000,
  askAgainMs: 2_000,
  giveUpMs: 86_400_000,
};

export interface MailboxPorts extends MessageLinkPorts {
  /** The hub's endpoints that serve the Tunneling cluster. */
  findServer(done: (endpoints: readonly number[] | undefined) => void): void;
  hubNode(): number;
  stayAwake(): () => void;
  /** Whether a message is coming in, block by block. */
  receiving(): boolean;
}

interface HubTunnel {
  id: number;
  endpoint: number;
  /** Octets that the hub takes in one transfer. */
  maximum: number;
}

/** A tunnel that the hub does not know any longer is opened once more in one wake. */
const OPENINGS_PER_WAKE = 2;

interface Unsent {
  message: Uint8Array;
  /** Elapsed time after which it is not tried again. */
  giveUpAt: number;
  done: (delivered: boolean) => void;
}

/** The hub's word that is waited for. */
type Reply =
  | { type: "tunnel"; answer: TunnellingCommand & { name: "RequestTunnelResponse" } }
  | { type: "mail"; waiting: number; message: Uint8Array };

/**
 * GBCS messages of the gas meter, which sleeps: it opens the tunnel itself as client to the hub, asks for what waits
 * there each time it wakes (GET, GET-RESPONSE), and hands over what it has to say (PUT).
 */
export class MailboxTunnel implements MessageLink {
  readonly #clock: Clock;
  readonly #settings: MailboxSettings;
  readonly #endpoint: number;
  readonly #ports: MailboxPorts;
  readonly #question: HubQuestion<Reply>;
  #ready = false;
  #tunnel: HubTunnel | undefined;
  #alarm: Timer | undefined;
  #awake = false;
  /** What the hub has not taken yet, oldest first. */
  readonly #unsent: Unsent[] = [];
  /** Woken while awake: it asks once more. */
  #again = false;
  #opening: Promise<HubTunnel | undefined> | undefined;

  constructor(options: { clock: Clock; settings: MailboxSettings; endpoint: number; ports: MailboxPorts }) {
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#endpoint = options.endpoint;
    this.#ports = options.ports;
    this.#question = new HubQuestion(options.clock, options.settings, () => options.ports.receiving());
  }

  get tunnelIds(): readonly number[] {
    return this.#tunnel === undefined ? [] : [this.#tunnel.id];
  }

  ready(): void {
    this.#ready = true;
    this.wake();
  }

  wake(): void {
    if (!this.#ready) return;
    this.#setAlarm();
    this.#again = this.#awake;
    if (!this.#awake) void this.#collect();
  }

  down(): void {
    this.#ready = false;
    this.#alarm?.cancel();
    this.#forgetTunnel();
    this.#question.settle(undefined);
  }

  /** Kept until the hub takes it: at this wake or at a later one. */
  send(message: Uint8Array): Promise<boolean> {
    return new Promise((done) => {
      this.#keep(message, done);
      this.wake();
    });
  }

  command(command: TunnellingCommand, message: ApsMessage, header: ZclHeader): TunnelAnswer {
    if (header.direction === "clientToServer") return { status: STATUS.UNSUPPORTED_CLUSTER };
    switch (command.name) {
      case "RequestTunnelResponse":
        this.#question.settle({ type: "tunnel", answer: command });
        return { status: STATUS.SUCCESS };
      case "TransferData":
        return this.#transferred(command, message);
      case "TransferDataError":
      case "TunnelClosureNotification":
        if (command.tunnelId !== this.#tunnel?.id) return { status: STATUS.NOT_FOUND };
        this.#forgetTunnel();
        this.#question.settle(undefined);
        return { status: STATUS.SUCCESS };
      default:
        return { status: STATUS.SUCCESS };
    }
  }

  #transferred(
    { tunnelId, data }: TunnellingCommand & { name: "TransferData" },
    message: ApsMessage,
  ): TunnelAnswer {
    if (tunnelId !== this.#tunnel?.id || message.sourceEndpoint !== this.#tunnel.endpoint)
      return { reply: { name: "TransferDataError", tunnelId, transferDataStatus: 0 } };
    if (data.length > this.#settings.maximumIncomingTransferSize)
      return { reply: { name: "TransferDataError", tunnelId, transferDataStatus: 2 } };
    const [prefix, waiting] = data;
    if (prefix !== PREFIX.getResponse || waiting === undefined) return { status: STATUS.INVALID_FIELD };
    const mail = { type: "mail", waiting, message: Uint8Array.from(data.subarray(2)) } as const;
    // Handed out is gone from the hub's store: what comes late must not be lost.
    if (!this.#question.open) void this.#handleLate(mail.message);
    else this.#question.settle(mail);
    return { status: STATUS.SUCCESS };
  }

  #setAlarm(): void {
    const { wakeEveryMs } = this.#settings;
    this.#alarm?.cancel();
    this.#alarm = this.#clock.after(wakeEveryMs - (this.#clock.now() % wakeEveryMs), () => this.wake());
  }

  #forgetTunnel(): void {
    const tunnel = this.#tunnel;
    this.#tunnel = undefined;
    if (tunnel) this.#ports.closed(tunnel.id);
  }

  async #collect(): Promise<void> {
    this.#awake = true;
    const release = this.#ports.stayAwake();
    try {
      do {
        this.#again = false;
        await this.#fetchAll();
      } while (this.#again);
    } finally {
      this.#awake = false;
      release();
    }
  }

  /**
   * Fetches until nothing waits any longer, or until the hub stays silent: the next wake tries again. GET comes first
   * each time, because it shows whether the hub still knows the tunnel before anything of worth goes through it.
   */
  async #fetchAll(): Promise<void> {
    for (let openings = 0; this.#ready; ) {
      if (this.#tunnel === undefined && ++openings > OPENINGS_PER_WAKE) return;
      const tunnel = await this.#open();
      if (tunnel === undefined) return;
      const mail = await this.#get(tunnel);
      if (tunnel !== this.#tunnel) continue;
      if (mail !== undefined) await this.#handle(mail.message);
      await this.#putAll(tunnel);
      if (mail === undefined || mail.waiting === 0 || mail.message.length === 0) return;
    }
  }

  async #handle(message: Uint8Array): Promise<void> {
    if (message.length === 0) return;
    const answer = await this.#ports.received(message);
    if (answer !== undefined) this.#keep(answer, () => {});
  }

  async #handleLate(message: Uint8Array): Promise<void> {
    await this.#handle(message);
    if (this.#unsent.length > 0) this.wake();
  }

  #keep(message: Uint8Array, done: (delivered: boolean) => void): void {
    this.#unsent.push({ message, giveUpAt: this.#clock.elapsed() + this.#settings.giveUpMs, done });
  }

  async #get(tunnel: HubTunnel): Promise<(Reply & { type: "mail" }) | undefined> {
    const reply = await this.#ask(tunnel.endpoint, {
      name: "TransferData",
      tunnelId: tunnel.id,
      data: Uint8Array.of(PREFIX.get),
    });
    return reply?.type === "mail" ? reply : undefined;
  }

  /** One after the other, so that their order is kept. */
  async #putAll(tunnel: HubTunnel): Promise<void> {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const delivered = await this.#put(tunnel, next.message);
      const tooLong = next.message.length >= tunnel.maximum;
      if (!delivered && !tooLong && this.#clock.elapsed() < next.giveUpAt) return;
      this.#unsent.shift();
      this.#ports.sent(next.message, delivered);
      next.done(delivered);
    }
  }

  #put({ id: tunnelId, endpoint, maximum }: HubTunnel, message: Uint8Array): Promise<boolean> {
    if (message.length >= maximum) return Promise.resolve(false);
    const data = concatBytes(Uint8Array.of(PREFIX.put), message);
    return this.#post(endpoint, { name: "TransferData", tunnelId, data });
  }

  /** The tunnel that is open, or a new one. */
  #open(): Promise<HubTunnel | undefined> {
    if (this.#tunnel !== undefined) return Promise.resolve(this.#tunnel);
    this.#opening ??= this.#request().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #request(): Promise<HubTunnel | undefined> {
    const endpoint = await new Promise<number | undefined>((found) =>
      this.#ports.findServer((endpoints) => found(endpoints?.[0])),
    );
    if (endpoint === undefined || !this.#ready) return undefined;
    const reply = await this.#ask(endpoint, {
      name: "RequestTunnel",
      protocolId: PROTOCOL_GB_HRGP,
      manufacturerCode: NO_MANUFACTURER_CODE,
      flowControlSupport: false,
      maximumIncomingTransferSize: this.#settings.maximumIncomingTransferSize,
    });
    if (reply?.type !== "tunnel" || reply.answer.tunnelStatus !== TUNNEL_STATUS.success) return undefined;
    const { tunnelId: id, maximumIncomingTransferSize: maximum } = reply.answer;
    this.#tunnel = { id, endpoint, maximum };
    this.#ports.opened(id, this.#ports.eui64Of(this.#ports.hubNode()));
    return this.#tunnel;
  }

  #ask(endpoint: number, command: TunnellingCommand): Promise<Reply | undefined> {
    return this.#question.ask(() => this.#post(endpoint, command));
  }

  #post(endpoint: number, command: TunnellingCommand): Promise<boolean> {
    const sequence = this.#ports.nextSequence();
    const options = { sequence, direction: "clientToServer", disableDefaultResponse: true } as const;
    const way = {
      nodeId: this.#ports.hubNode(),
      profile: SE_PROFILE,
      cluster: TUNNELLING_CLUSTER,
      sourceEndpoint: this.#endpoint,
      destinationEndpoint: endpoint,
      apsSecurity: true,
    };
    const out = { ...way, payload: encodeTunnelling(command, options) };
    return new Promise((done) => this.#ports.post(out, (outcome) => done(outcome === "delivered")));
  }
}
