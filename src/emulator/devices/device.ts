import { ByteReader } from "../../base/bytes.ts";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { InstallCode } from "../../base/install-code.ts";
import type { Random } from "../../base/random.ts";
import { KEY_ESTABLISHMENT_CLUSTER, type KeyEstablishmentOutcome } from "../../cbke/index.ts";
import { installCodeKey } from "../../cbke/install-code.ts";
import { readHeader, type ZclHeader } from "../../zcl/header.ts";
import { decodeTunnelling, encodeTunnelling, TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import type { Air } from "../air/air.ts";
import type { ApsMessage, EndpointDescriptor } from "../stack/coordinator.ts";
import {
  DeviceNode,
  type DeviceNodeEvent,
  type DeviceNodeSettings,
  type DeviceNodeSnapshot,
} from "../stack/device-node.ts";
import {
  type DeviceCredentials,
  KeyEstablishmentClient,
  type KeyEstablishmentTimes,
} from "./key-establishment.ts";
import { needsLinkKey, SE_PROFILE } from "./security.ts";
import {
  TUNNEL_DEFAULTS,
  type Tunnel,
  type TunnelChange,
  TunnelServer,
  type TunnelSettings,
} from "./tunnel-server.ts";
import {
  type Attributes,
  defaultResponse,
  GENERAL,
  readAttributesResponse,
  u16Attribute,
  ZCL_STATUS,
} from "./zcl-frame.ts";

/** What makes one kind of device: a table entry. */
export interface DeviceProfile {
  type: string;
  /** MAC capability flags. */
  capability: number;
  manufacturerCode: number;
  endpoints: readonly EndpointDescriptor[];
  /** Server attributes by cluster id, the same on every endpoint that has the cluster. */
  attributes: Readonly<Record<number, Attributes>>;
}

/** Answers a GBCS message; undefined says nothing, as GBCS wants for what does not verify. */
export type MessageHandler = (
  message: Uint8Array,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

export interface EmulatedDeviceOptions {
  air: Air;
  clock: Clock;
  random: Random;
  eui64: Eui64;
  installCode: InstallCode;
  messageHandler?: MessageHandler;
  tunnel?: Partial<TunnelSettings>;
  resend?: Partial<ResendSettings>;
  /** Without credentials the install code's key stays the Trust Centre link key. */
  cbke?: DeviceCredentials;
  cbkeTimes?: Partial<KeyEstablishmentTimes>;
  node?: Partial<DeviceNodeSettings>;
  snapshot?: DeviceNodeSnapshot;
}

export type DeviceEvent =
  | { type: "joined"; how: Extract<DeviceNodeEvent, { type: "up" }>["how"]; nodeId: number }
  | { type: "left" }
  /** Key establishment with the Trust Centre has ended; where it failed another try may follow. */
  | { type: "key-establishment"; outcome: KeyEstablishmentOutcome }
  /** The node's snapshot has changed: time to store it. */
  | { type: "changed" }
  | { type: "tunnel-open"; tunnelId: number; peer: Eui64 | undefined }
  | { type: "tunnel-closed"; tunnelId: number }
  | { type: "message-in"; message: Uint8Array }
  | { type: "message-out"; message: Uint8Array; delivered: boolean };

export interface DeviceCounts {
  messagesIn: number;
  messagesOut: number;
  /** Messages that the handler did not answer. */
  unanswered: number;
  /** Messages that could not be handed over: no tunnel, too long for the far end, or not acknowledged. */
  undelivered: number;
  /** Frames in clear on clusters that need the link key. */
  refusedInClear: number;
  /** Frames secured with the install code's key where key establishment has to come first. */
  refusedBeforeKey: number;
  malformed: number;
}

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

/** An emulated Smart Energy device: one node, its clusters, and a tunnel for GBCS messages. */
export class EmulatedDevice {
  readonly type: string;
  readonly eui64: Eui64;
  readonly node: DeviceNode;
  readonly tunnels: TunnelServer;
  /** Undefined without credentials. */
  readonly keyEstablishment: KeyEstablishmentClient | undefined;
  readonly counts: DeviceCounts = {
    messagesIn: 0,
    messagesOut: 0,
    unanswered: 0,
    undelivered: 0,
    refusedInClear: 0,
    refusedBeforeKey: 0,
    malformed: 0,
  };
  messageHandler: MessageHandler;
  readonly #profile: DeviceProfile;
  readonly #air: Air;
  readonly #clock: Clock;
  readonly #resend: ResendSettings;
  readonly #listeners = new Set<(event: DeviceEvent) => void>();
  #sequence = 0;
  /** Messages leave one after the other, in the order in which they were answered. */
  readonly #outgoing: OutgoingTransfer[] = [];

  constructor(profile: DeviceProfile, options: EmulatedDeviceOptions) {
    const { air, clock, random, eui64, installCode } = options;
    this.#profile = profile;
    this.#air = air;
    this.#clock = clock;
    this.#resend = { ...RESEND_DEFAULTS, ...options.resend };
    this.type = profile.type;
    this.eui64 = eui64;
    this.messageHandler = options.messageHandler ?? (() => undefined);
    this.tunnels = new TunnelServer({
      clock,
      settings: { ...TUNNEL_DEFAULTS, ...options.tunnel },
      changed: (change) => this.#tunnelChanged(change),
    });
    this.node = new DeviceNode({
      air,
      clock,
      random,
      eui64,
      linkKey: installCodeKey(installCode),
      capability: profile.capability,
      manufacturerCode: profile.manufacturerCode,
      endpoints: profile.endpoints,
      ...(options.node ? { settings: options.node } : {}),
      ...(options.snapshot ? { snapshot: options.snapshot } : {}),
    });
    this.node.onEvent = (event) => this.#nodeEvent(event);
    this.node.onMessage = (message, kind) => this.#frame(message, kind === "unicast");
    this.keyEstablishment = this.#keyEstablishment(options);
  }

  #keyEstablishment(options: EmulatedDeviceOptions): KeyEstablishmentClient | undefined {
    const { eui64, cbke, cbkeTimes, clock, random } = options;
    if (cbke === undefined) return undefined;
    const { node } = this;
    return new KeyEstablishmentClient({
      eui64,
      credentials: cbke,
      random,
      clock,
      ...(cbkeTimes ? { times: cbkeTimes } : {}),
      ports: {
        findServer: (done) => node.findServers(SE_PROFILE, KEY_ESTABLISHMENT_CLUSTER, done),
        send: (endpoint, payload, done) =>
          node.post(
            {
              nodeId: node.nwk.parent ?? 0,
              profile: SE_PROFILE,
              cluster: KEY_ESTABLISHMENT_CLUSTER,
              sourceEndpoint: this.#endpointOf("outputClusters", KEY_ESTABLISHMENT_CLUSTER),
              destinationEndpoint: endpoint,
              apsSecurity: false,
              payload,
            },
            (outcome) => done(outcome === "delivered"),
          ),
        nextSequence: () => this.#nextSequence(),
        install: (key) => node.setTrustCenterLinkKey(key),
        stayAwake: () => node.stayAwake(),
        ended: (outcome) => this.#emit({ type: "key-establishment", outcome }),
      },
    });
  }

  #endpointOf(side: "inputClusters" | "outputClusters", cluster: number): number {
    return this.#profile.endpoints.find((each) => each[side].includes(cluster))?.endpoint ?? 0;
  }

  start(): void {
    this.node.start();
  }

  stop(): void {
    this.keyEstablishment?.stop();
    this.node.stop();
  }

  on(listener: (event: DeviceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Sends a message of the device's own (an Alert) through its tunnel; resolves to whether it was taken. */
  send(message: Uint8Array): Promise<boolean> {
    const tunnel = this.tunnels.tunnels[0];
    if (!tunnel) {
      this.counts.undelivered++;
      return Promise.resolve(false);
    }
    return this.#transfer(tunnel, message);
  }

  #emit(event: DeviceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #nodeEvent(event: DeviceNodeEvent): void {
    if (event.type === "up") this.#cameUp(event);
    if (event.type === "changed") this.#emit(event);
    if (event.type !== "down") return;
    this.keyEstablishment?.stop();
    this.tunnels.clear();
    this.#emit({ type: "left" });
  }

  #cameUp({ how, nodeId }: Extract<DeviceNodeEvent, { type: "up" }>): void {
    this.#emit({ type: "joined", how, nodeId });
    const { trustCenter, established } = this.node;
    if (!established && trustCenter !== undefined) this.keyEstablishment?.begin(trustCenter);
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  #frame(message: ApsMessage, unicast: boolean): void {
    try {
      this.#dispatch(message, unicast);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.counts.malformed++;
    }
  }

  #dispatch(message: ApsMessage, unicast: boolean): void {
    const endpoint = this.#profile.endpoints.find(
      (each) => each.endpoint === message.destinationEndpoint && each.profile === message.profile,
    );
    if (!endpoint) return;
    const reader = new ByteReader(message.payload);
    const header = readHeader(reader);
    const body = reader.rest();
    if (unicast && !this.#mayCome(message)) {
      this.#respond(message, header, ZCL_STATUS.failure);
      return;
    }
    if (message.cluster === KEY_ESTABLISHMENT_CLUSTER && header.frameType === "cluster") {
      this.#keyFrame(message, header, body, unicast);
      return;
    }
    if (header.frameType === "global" && header.command === GENERAL.defaultResponse) return;
    const known = endpoint.inputClusters.includes(message.cluster);
    if (header.direction === "serverToClient" || !known) {
      const client = endpoint.outputClusters.includes(message.cluster);
      const status = known || client ? ZCL_STATUS.success : ZCL_STATUS.unsupportedCluster;
      if (unicast) this.#respond(message, header, status);
      return;
    }
    try {
      this.#command(message, header, body, unicast);
    } catch (error) {
      if (error instanceof HanwayError && unicast) this.#respond(message, header, ZCL_STATUS.malformed);
      throw error;
    }
  }

  #mayCome(message: ApsMessage): boolean {
    if (!needsLinkKey(message.profile, message.cluster)) return true;
    if (!message.apsSecurity) this.counts.refusedInClear++;
    else if (this.keyEstablishment !== undefined && !this.node.established) this.counts.refusedBeforeKey++;
    else return true;
    return false;
  }

  /** The Trust Centre's answers; a device serves nobody's key establishment itself. */
  #keyFrame(message: ApsMessage, header: ZclHeader, payload: Uint8Array, unicast: boolean): void {
    const eui64 = this.node.nwk.eui64Of(message.nodeId);
    if (header.direction === "clientToServer" || this.keyEstablishment === undefined) {
      if (unicast) this.#respond(message, header, ZCL_STATUS.unsupportedCommand);
    } else if (eui64 !== undefined && eui64 === this.node.trustCenter) {
      const from = { eui64, endpoint: message.sourceEndpoint };
      this.keyEstablishment.receive({ from, apsCounter: message.sequence, unicast, header, payload });
    }
  }

  #command(message: ApsMessage, header: ZclHeader, body: Uint8Array, unicast: boolean): void {
    if (header.frameType === "global" && header.command === GENERAL.readAttributes)
      this.#reply(message, readAttributesResponse(header, body, this.#attributes(message.cluster)));
    else if (message.cluster === TUNNELLING_CLUSTER && header.frameType === "cluster" && unicast)
      this.#tunnelling(message, header);
    else if (unicast) this.#respond(message, header, ZCL_STATUS.unsupportedCommand);
  }

  #attributes(cluster: number): Attributes {
    const own = this.#profile.attributes[cluster] ?? {};
    return cluster === TUNNELLING_CLUSTER
      ? { ...own, 0: u16Attribute(this.tunnels.settings.closeTunnelTimeout) }
      : own;
  }

  #tunnelling(message: ApsMessage, header: ZclHeader): void {
    const { command } = decodeTunnelling(message.payload);
    if (!command) {
      this.#respond(message, header, ZCL_STATUS.unsupportedCommand);
      return;
    }
    const eui64 = this.node.nwk.eui64Of(message.nodeId);
    const from = { nodeId: message.nodeId, eui64, endpoint: message.sourceEndpoint };
    const outcome = this.tunnels.handle(command, from);
    if ("reply" in outcome) {
      const { sequence } = header;
      const direction = "serverToClient";
      const bytes = encodeTunnelling(outcome.reply, { sequence, direction, disableDefaultResponse: true });
      this.#reply(message, bytes);
      return;
    }
    this.#respond(message, header, outcome.status);
    if ("data" in outcome) void this.#received(outcome.tunnel, outcome.data);
  }

  /** Emulated time stands still until the handler has answered and the answer is on its way. */
  async #received(tunnel: Tunnel, data: Uint8Array): Promise<void> {
    const message = Uint8Array.from(data);
    this.counts.messagesIn++;
    this.#emit({ type: "message-in", message });
    const release = this.#air.hold();
    try {
      const answer = await this.#answer(message);
      if (answer === undefined) this.counts.unanswered++;
      else void this.#transfer(tunnel, answer);
    } finally {
      release();
    }
  }

  /** A message that cannot be decoded is met with silence, as GBCS wants; any other fault is a fault. */
  async #answer(message: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.messageHandler(message);
    } catch (error) {
      if (error instanceof HanwayError) return undefined;
      throw error;
    }
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
    const payload = encodeTunnelling(
      { name: "TransferData", tunnelId: tunnel.id, data: message },
      { sequence: this.#nextSequence(), direction: "serverToClient", disableDefaultResponse: true },
    );
    this.node.post({ ...this.#towards(tunnel), payload }, (outcome) => {
      if (outcome === "delivered") this.#sent(next, true);
      else if (!this.#fits(next) || this.#clock.elapsed() >= next.giveUpAt) this.#sent(next, false);
      else this.#clock.after(this.#resend.pauseMs, () => this.#sendNext());
    });
  }

  #fits({ tunnel, message }: OutgoingTransfer): boolean {
    return this.tunnels.tunnels.includes(tunnel) && message.length <= tunnel.clientMaximum;
  }

  #sent(sent: OutgoingTransfer, delivered: boolean): void {
    this.#outgoing.shift();
    if (delivered) this.counts.messagesOut++;
    else this.counts.undelivered++;
    this.#emit({ type: "message-out", message: sent.message, delivered });
    sent.done(delivered);
    this.#sendNext();
  }

  #towards(tunnel: Tunnel) {
    const own = this.#profile.endpoints.find(({ inputClusters }) =>
      inputClusters.includes(TUNNELLING_CLUSTER),
    );
    return {
      nodeId: tunnel.client.nodeId,
      profile: own?.profile ?? 0,
      cluster: TUNNELLING_CLUSTER,
      sourceEndpoint: own?.endpoint ?? 0,
      destinationEndpoint: tunnel.client.endpoint,
      apsSecurity: true,
    };
  }

  #tunnelChanged({ type, tunnel }: TunnelChange): void {
    if (type === "open") {
      this.#emit({ type: "tunnel-open", tunnelId: tunnel.id, peer: tunnel.client.eui64 });
      return;
    }
    this.#emit({ type: "tunnel-closed", tunnelId: tunnel.id });
    if (type !== "timed-out") return;
    const notice = { name: "TunnelClosureNotification", tunnelId: tunnel.id } as const;
    const payload = encodeTunnelling(notice, { sequence: this.#nextSequence() });
    this.node.post({ ...this.#towards(tunnel), payload });
  }

  #respond(to: ApsMessage, header: ZclHeader, status: number): void {
    const isDefault = header.frameType === "global" && header.command === GENERAL.defaultResponse;
    if (isDefault || (header.disableDefaultResponse && status === ZCL_STATUS.success)) return;
    this.#reply(to, defaultResponse(header, status));
  }

  /** Answers go back as they came: to the same endpoint, secured the same way. */
  #reply(to: ApsMessage, payload: Uint8Array): void {
    this.node.post({
      nodeId: to.nodeId,
      profile: to.profile,
      cluster: to.cluster,
      sourceEndpoint: to.destinationEndpoint,
      destinationEndpoint: to.sourceEndpoint,
      apsSecurity: to.apsSecurity,
      payload,
    });
  }
}
