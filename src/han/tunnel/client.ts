import type { Clock, Timer } from "../../base/clock.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { DeliveryOutcome } from "../../base/routing.ts";
import {
  encodeTunnelling,
  NO_MANUFACTURER_CODE,
  PROTOCOL_GB_HRGP,
  TRANSFER_DATA_STATUS,
  TUNNEL_STATUS,
  TUNNELLING_CLUSTER,
  type TunnellingCommand,
} from "../../zcl/tunnelling.ts";
import { CHF_ENDPOINT } from "../radio/endpoints.ts";
import { type IncomingAps, leaveUnacknowledged, type OutgoingAps, type SendOutcome } from "../radio/port.ts";
import { PROFILE_SMART_ENERGY } from "../security/policy.ts";
import { TUNNEL_TIMING, type TunnelEffect, type TunnelInput, type TunnelState, tunnelStep } from "./state.ts";

export interface TunnelSettings {
  /** MaximumIncomingTransferSize that the hub states, and the largest message it hands to the device, in octets. */
  transferSize: number;
  /** How long a message may wait for a tunnel and its acknowledgement before it is given up, in milliseconds. */
  deliveryMs: number;
  /** Messages that may wait at once for one device. */
  depth: number;
}

export const TUNNEL_SETTINGS: TunnelSettings = { transferSize: 1_500, deliveryMs: 30_000, depth: 64 };

/** The HAN as a tunnel needs it. */
export interface TunnelAir {
  send(message: OutgoingAps): Promise<SendOutcome>;
  /** Asks the device for its Tunnelling server endpoints; the answer comes back as an `endpoints` input. */
  findServer(nodeId: number): void;
  zclSequence(): number;
}

export interface TunnelEvents {
  opened(tunnelId: number, maxTransfer: number): void;
  lost(): void;
  refused(status: number): void;
  /** The device could not take a message of the size sent, although it was within what it stated. */
  overflow(): void;
  /** `acknowledgeAfter` as in {@link IncomingAps}. */
  message(payload: Uint8Array, acknowledgeAfter: IncomingAps["acknowledgeAfter"]): void;
}

interface Delivery {
  readonly message: Uint8Array;
  readonly giveUpAt: number;
  readonly settle: (outcome: DeliveryOutcome) => void;
}

/**
 * One tunnel from the hub to one device: keeps it open and sends messages through it in order, one at a time.
 * A message counts as delivered when the device has acknowledged every APS block of it.
 */
export class TunnelClient {
  readonly device: Eui64;
  readonly settings: TunnelSettings;
  readonly #air: TunnelAir;
  readonly #clock: Clock;
  readonly #events: TunnelEvents;
  #state: TunnelState = { phase: "absent" };
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #waiting: Delivery[] = [];
  #sending = false;

  constructor(
    device: Eui64,
    settings: TunnelSettings,
    ports: { air: TunnelAir; clock: Clock; events: TunnelEvents },
  ) {
    this.device = device;
    this.settings = settings;
    this.#air = ports.air;
    this.#clock = ports.clock;
    this.#events = ports.events;
  }

  get phase(): TunnelState["phase"] {
    return this.#state.phase;
  }

  input(input: TunnelInput): void {
    const [state, effects] = tunnelStep(this.#state, input, TUNNEL_TIMING);
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#pump();
  }

  /** A Tunnelling command from the device's server. False for one that a server does not send or hanway does not use. */
  receive(command: TunnellingCommand, acknowledgeAfter?: IncomingAps["acknowledgeAfter"]): boolean {
    switch (command.name) {
      case "RequestTunnelResponse":
        this.#answered(command.tunnelStatus, command.tunnelId, command.maximumIncomingTransferSize);
        return true;
      case "TransferData":
        if (this.#holds(command.tunnelId)) this.#events.message(command.data, acknowledgeAfter);
        else {
          // After a restart the server may hold a tunnel that the hub is only about to ask for again.
          leaveUnacknowledged(acknowledgeAfter, "data on a tunnel that the hub does not hold");
          // The server is told, so that it forgets it as well.
          this.#tellNoSuchTunnel(command.tunnelId);
        }
        return true;
      case "TransferDataError":
        // Too much data says nothing against the tunnel; the other two mean that the server does not hold it.
        if (command.transferDataStatus === TRANSFER_DATA_STATUS.dataOverflow) this.#events.overflow();
        else this.input({ type: "closed", tunnelId: command.tunnelId });
        return true;
      case "TunnelClosureNotification":
        this.input({ type: "closed", tunnelId: command.tunnelId });
        return true;
      default:
        return false;
    }
  }

  /** Sends one message; the bytes are not touched or copied. */
  deliver(message: Uint8Array): Promise<DeliveryOutcome> {
    const serverLimit = this.#state.phase === "open" ? this.#state.maxTransfer : this.settings.transferSize;
    if (message.length > Math.min(this.settings.transferSize, serverLimit)) {
      return Promise.resolve("too-large");
    }
    if (this.#waiting.length >= this.settings.depth) return Promise.resolve("busy");
    return new Promise((settle) => {
      const giveUpAt = this.#clock.elapsed() + this.settings.deliveryMs;
      this.#waiting.push({ message, giveUpAt, settle });
      this.#watchDeadline();
      this.#pump();
    });
  }

  /** Forgets the tunnel and fails what still waits. */
  stop(): void {
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#state = { phase: "absent" };
    for (const delivery of this.#waiting.splice(0)) delivery.settle("tunnel-lost");
  }

  #perform(effect: TunnelEffect): void {
    switch (effect.type) {
      case "find":
        this.#air.findServer(effect.nodeId);
        return;
      case "request":
        void this.#air.send(this.#frame(effect.nodeId, effect.endpoint, this.#requestTunnel()));
        return;
      case "timer":
        this.#timer?.cancel();
        this.#timer = this.#clock.after(effect.ms, () => this.input({ type: "timeout" }));
        return;
      case "no-timer":
        this.#timer?.cancel();
        return;
      case "opened":
        this.#events.opened(effect.tunnelId, effect.maxTransfer);
        return;
      case "lost":
        this.#events.lost();
        return;
      case "refused":
        this.#events.refused(effect.status);
        return;
    }
  }

  #pump(): void {
    if (this.#sending || this.#state.phase !== "open" || this.#waiting.length === 0) return;
    const delivery = this.#waiting[0];
    if (delivery === undefined) return;
    const { nodeId, endpoint, tunnelId, maxTransfer } = this.#state;
    if (delivery.message.length > maxTransfer) {
      this.#settle(delivery, "too-large");
      this.#pump();
      return;
    }
    this.#sending = true;
    const zcl = encodeTunnelling(
      { name: "TransferData", tunnelId, data: delivery.message },
      // Its APS acknowledgement already says that it arrived.
      { sequence: this.#air.zclSequence(), direction: "clientToServer", disableDefaultResponse: true },
    );
    void this.#air.send(this.#frame(nodeId, endpoint, zcl)).then((outcome) => {
      this.#sending = false;
      if (outcome === "delivered") this.#settle(delivery, "delivered");
      // Not acknowledged: the tunnel may be gone with the device or the radio, so a new one is made.
      // The message keeps its place and its deadline.
      else this.input({ type: "closed", tunnelId });
      this.#pump();
    });
  }

  #holds(tunnelId: number): boolean {
    return this.#state.phase === "open" && this.#state.tunnelId === tunnelId;
  }

  #answered(status: number, tunnelId: number, maxTransfer: number): void {
    if (status === TUNNEL_STATUS.success) this.input({ type: "granted", tunnelId, maxTransfer });
    else this.input({ type: "denied", status });
  }

  #requestTunnel(): Uint8Array {
    return encodeTunnelling(
      {
        name: "RequestTunnel",
        protocolId: PROTOCOL_GB_HRGP,
        manufacturerCode: NO_MANUFACTURER_CODE,
        flowControlSupport: false,
        maximumIncomingTransferSize: this.settings.transferSize,
      },
      { sequence: this.#air.zclSequence() },
    );
  }

  #tellNoSuchTunnel(tunnelId: number): void {
    if (this.#state.phase !== "open") return;
    const zcl = encodeTunnelling(
      { name: "TransferDataError", tunnelId, transferDataStatus: TRANSFER_DATA_STATUS.noSuchTunnel },
      { sequence: this.#air.zclSequence(), direction: "clientToServer" },
    );
    void this.#air.send(this.#frame(this.#state.nodeId, this.#state.endpoint, zcl));
  }

  #settle(delivery: Delivery, outcome: DeliveryOutcome): void {
    this.#waiting = this.#waiting.filter((other) => other !== delivery);
    delivery.settle(outcome);
    this.#watchDeadline();
  }

  /** Arms one timer for the oldest waiting message; all have the same patience, so the oldest is due first. */
  #watchDeadline(): void {
    this.#deadline?.cancel();
    const oldest = this.#waiting[0];
    if (oldest === undefined) return;
    this.#deadline = this.#clock.after(oldest.giveUpAt - this.#clock.elapsed(), () => {
      this.#settle(oldest, "tunnel-lost");
    });
  }

  #frame(nodeId: number, endpoint: number, payload: Uint8Array): OutgoingAps {
    return {
      nodeId,
      profile: PROFILE_SMART_ENERGY,
      cluster: TUNNELLING_CLUSTER,
      sourceEndpoint: CHF_ENDPOINT,
      destinationEndpoint: endpoint,
      security: "link-key",
      payload,
    };
  }
}
