import type { Clock } from "../../base/clock.ts";
import { encodeTunnelling, TUNNELLING_CLUSTER, type TunnellingCommand } from "../../zcl/tunnelling.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import type { MessageLink, MessageLinkPorts, TunnelAnswer } from "./message-link.ts";
import { SE_PROFILE } from "./security.ts";
import { type Tunnel, type TunnelChange, TunnelServer, type TunnelSettings } from "./tunnel-server.ts";

/** What a device does about a message that the hub did not acknowledge: it keeps it and tries again, as meters do. */
export interface ResendSettings {
  pauseMs: number;
  giveUpMs: number;
}

export const RESEND_DEFAULTS: ResendSettings = { pauseMs: 1_000, giveUpMs: 300_000 };

interface OutgoingTransfer {
  tunnel: Tunnel;
  message: Uint8Array;
  /** Elapsed time after which it is not tried again. */
  giveUpAt: number;
  done: (delivered: boolean) => void;
}

/** GBCS messages of a mains powered device: the hub opens a tunnel to it, and messages pass without prefix. */
export class ServedTunnel implements MessageLink {
  readonly #clock: Clock;
  readonly #resend: ResendSettings;
  readonly #server: TunnelServer;
  readonly #endpoint: number;
  readonly #ports: MessageLinkPorts;
  /** Messages leave one after the other, in the order in which they were answered. */
  readonly #outgoing: OutgoingTransfer[] = [];

  constructor(options: {
    clock: Clock;
    settings: TunnelSettings;
    resend: ResendSettings;
    endpoint: number;
    ports: MessageLinkPorts;
  }) {
    const { clock, settings } = options;
    this.#clock = clock;
    this.#resend = options.resend;
    this.#endpoint = options.endpoint;
    this.#ports = options.ports;
    this.#server = new TunnelServer({ clock, settings, changed: (change) => this.#changed(change) });
  }

  get tunnelIds(): readonly number[] {
    return this.#server.tunnels.map(({ id }) => id);
  }

  /** CloseTunnelTimeout attribute, seconds. */
  get closeTunnelTimeout(): number {
    return this.#server.settings.closeTunnelTimeout;
  }

  command(command: TunnellingCommand, message: ApsMessage): TunnelAnswer {
    const { nodeId, sourceEndpoint } = message;
    const from = { nodeId, eui64: this.#ports.eui64Of(nodeId), endpoint: sourceEndpoint };
    const outcome = this.#server.handle(command, from);
    if ("data" in outcome) void this.#received(outcome.tunnel, Uint8Array.from(outcome.data));
    return outcome;
  }

  send(message: Uint8Array): Promise<boolean> {
    const tunnel = this.#server.tunnels[0];
    if (tunnel) return this.#transfer(tunnel, message);
    this.#ports.sent(message, false);
    return Promise.resolve(false);
  }

  ready(): void {}

  wake(): void {}

  down(): void {
    this.#server.clear();
  }

  async #received(tunnel: Tunnel, message: Uint8Array): Promise<void> {
    const answer = await this.#ports.received(message);
    if (answer !== undefined) void this.#transfer(tunnel, answer);
  }

  #transfer(tunnel: Tunnel, message: Uint8Array): Promise<boolean> {
    return new Promise((done) => {
      const giveUpAt = this.#clock.elapsed() + this.#resend.giveUpMs;
      this.#outgoing.push({ tunnel, message, giveUpAt, done });
      if (this.#outgoing.length === 1) this.#sendNext();
    });
  }

  #sendNext(): void {
    const next = this.#outgoing[0];
    if (!next) return;
    const { tunnel, message } = next;
    if (!this.#fits(next)) {
      this.#sent(next, false);
      return;
    }
    const command = { name: "TransferData", tunnelId: tunnel.id, data: message } as const;
    this.#post(tunnel, command, true, (delivered) => {
      if (delivered) this.#sent(next, true);
      else if (!this.#fits(next) || this.#clock.elapsed() >= next.giveUpAt) this.#sent(next, false);
      else this.#clock.after(this.#resend.pauseMs, () => this.#sendNext());
    });
  }

  #fits({ tunnel, message }: OutgoingTransfer): boolean {
    return this.#server.tunnels.includes(tunnel) && message.length <= tunnel.clientMaximum;
  }

  #sent(sent: OutgoingTransfer, delivered: boolean): void {
    this.#outgoing.shift();
    this.#ports.sent(sent.message, delivered);
    sent.done(delivered);
    this.#sendNext();
  }

  #post(
    tunnel: Tunnel,
    command: TunnellingCommand,
    disableDefaultResponse: boolean,
    done: (delivered: boolean) => void,
  ): void {
    const sequence = this.#ports.nextSequence();
    const payload = encodeTunnelling(command, {
      sequence,
      direction: "serverToClient",
      disableDefaultResponse,
    });
    const way = {
      nodeId: tunnel.client.nodeId,
      profile: SE_PROFILE,
      cluster: TUNNELLING_CLUSTER,
      sourceEndpoint: this.#endpoint,
      destinationEndpoint: tunnel.client.endpoint,
      apsSecurity: true,
    };
    this.#ports.post({ ...way, payload }, (outcome) => done(outcome === "delivered"));
  }

  #changed({ type, tunnel }: TunnelChange): void {
    if (type === "open") {
      this.#ports.opened(tunnel.id, tunnel.client.eui64);
      return;
    }
    this.#ports.closed(tunnel.id);
    if (type === "timed-out")
      this.#post(tunnel, { name: "TunnelClosureNotification", tunnelId: tunnel.id }, false, () => {});
  }
}
