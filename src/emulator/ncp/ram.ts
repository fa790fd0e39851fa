import type { Eui64 } from "../../base/eui64.ts";
import type { ApsFrame } from "../ezsp/structures.ts";
import type { ApsMessage, EndpointDescriptor, NetworkSecurity } from "../stack/coordinator.ts";
import { Config, type NcpProfile } from "./profile.ts";

export interface Binding {
  type: number;
  local: number;
  clusterId: number;
  remote: number;
  identifier: Eui64;
  networkIndex: number;
}

export interface AddressEntry {
  eui64: Eui64;
  nodeId: number;
  extendedTimeout: boolean;
}

export interface MulticastEntry {
  multicastId: number;
  endpoint: number;
  networkIndex: number;
}

/** What is left to say about a message under way. */
export interface Sending {
  readonly type: number;
  readonly indexOrDestination: number;
  readonly apsFrame: ApsFrame;
  readonly tag: number;
}

export const NO_NODE = 0xffff;
/** Counters that readCounters returns; CSL was added with EmberZNet 8. */
export const counterCount = (ezsp: number): number => (ezsp >= 14 ? 42 : 41);

export const Counter = {
  APS_RX_BROADCAST: 6,
  APS_TX_BROADCAST: 7,
  APS_RX_UNICAST: 8,
  APS_TX_UNICAST_SUCCESS: 9,
  APS_TX_UNICAST_FAILED: 11,
  JOIN_INDICATION: 16,
  CHILD_REMOVED: 17,
  ASH_OVERFLOW: 18,
} as const;

/** Everything that a reset of the NCP wipes. */
export class NcpRam {
  readonly config: Map<number, number>;
  readonly policies = new Map<number, number>();
  readonly values = new Map<number, Uint8Array>();
  readonly counters: number[];
  /** Unicasts under way. */
  readonly sending = new Map<ApsMessage, Sending>();
  /** Broadcasts and multicasts under way: they take none of the unicast room. */
  readonly spreading = new Map<ApsMessage, Sending>();
  readonly routeRecorded = new Set<number>();
  endpoints: EndpointDescriptor[] = [];
  endpointFlags = new Map<number, number>();
  addresses: (AddressEntry | undefined)[] = [];
  multicasts: (MulticastEntry | undefined)[] = [];
  initialSecurity: NetworkSecurity | undefined;
  securityBitmask = 0;
  manufacturerCode: number | undefined;
  txPower: number | undefined;
  concentrator = false;
  /** Agreed with the host; before that only `version` is understood. */
  negotiated = false;
  state: "down" | "starting" | "up" = "down";

  constructor(profile: NcpProfile) {
    this.config = new Map(Object.entries(profile.config).map(([id, value]) => [Number(id), value]));
    this.counters = new Array<number>(counterCount(profile.ezsp)).fill(0);
  }

  size(id: number): number {
    return this.config.get(id) ?? 0;
  }

  count(counter: number): void {
    this.counters[counter] = Math.min(0xffff, (this.counters[counter] ?? 0) + 1);
  }

  /** True while as many unicasts are under way as the NCP has room for. */
  get busy(): boolean {
    return this.sending.size >= this.size(Config.APS_UNICAST_MESSAGE_COUNT);
  }
}
