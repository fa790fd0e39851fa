import type { Eui64 } from "../../base/eui64.ts";
import type { ZclHeader } from "../../zcl/header.ts";
import type { TunnellingCommand } from "../../zcl/tunnelling.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import type { DeviceSendOutcome, OutgoingMessage } from "../stack/device-node.ts";

/** What a device does about a Tunneling command: a command back, or the status of a Default Response. */
export type TunnelAnswer = { readonly reply: TunnellingCommand } | { readonly status: number };

/** How GBCS messages reach a device and leave it. */
export interface MessageLink {
  /** Open tunnels. */
  readonly tunnelIds: readonly number[];
  /** A command of the Tunneling cluster, secured with the link key. */
  command(command: TunnellingCommand, message: ApsMessage, header: ZclHeader): TunnelAnswer;
  /** A message of the device's own; resolves to whether it was taken. */
  send(message: Uint8Array): Promise<boolean>;
  /** The device is on the network and may use its link key. */
  ready(): void;
  /** The meter's button, or its half hour. */
  wake(): void;
  /** The network is gone, or the power: tunnels are forgotten. */
  down(): void;
}

/** What the device around it does for a link. */
export interface MessageLinkPorts {
  post(out: OutgoingMessage, done: (outcome: DeviceSendOutcome) => void): void;
  nextSequence(): number;
  /** Hands in a whole message; resolves to what the device answers, if anything. */
  received(message: Uint8Array): Promise<Uint8Array | undefined>;
  sent(message: Uint8Array, delivered: boolean): void;
  opened(tunnelId: number, peer: Eui64 | undefined): void;
  closed(tunnelId: number): void;
  eui64Of(nodeId: number): Eui64 | undefined;
}
