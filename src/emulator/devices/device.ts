import type { DeviceType } from "../../base/device-type.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import {
  KEY_ESTABLISHMENT_CLUSTER,
  KEY_ESTABLISHMENT_SUITE_ATTRIBUTE,
  type KeyEstablishmentOutcome,
} from "../../cbke/index.ts";
import { installCodeKey } from "../../cbke/install-code.ts";
import type { ZclHeader } from "../../zcl/header.ts";
import { TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import type { Air } from "../air/air.ts";
import type { ApsMessage } from "../stack/coordinator.ts";
import {
  DeviceNode,
  type DeviceNodeEvent,
  type DeviceSendOutcome,
  type OutgoingMessage,
} from "../stack/device-node.ts";
import { AttributeReader, type ReadOutcome } from "./attribute-reader.ts";
import { type Attributes, enum16Attribute, u16Attribute } from "./attributes.ts";
import type { DeviceCounts, DeviceEvent, EmulatedDeviceOptions, MessageHandler } from "./device-types.ts";
import { Endpoints, type FrameRefusal } from "./endpoints.ts";
import { type DeviceFaults, NO_FAULTS } from "./faults.ts";
import { KeyEstablishmentClient } from "./key-establishment.ts";
import { MAILBOX_DEFAULTS, MailboxTunnel } from "./mailbox-tunnel.ts";
import type { MessageLink, MessageLinkPorts } from "./message-link.ts";
import type { DeviceProfile } from "./profiles.ts";
import { ROUTINE_DEFAULTS, Routine } from "./routine.ts";
import { needsLinkKey, SE_PROFILE } from "./security.ts";
import { RESEND_DEFAULTS, ServedTunnel } from "./served-tunnel.ts";
import { TUNNEL_DEFAULTS } from "./tunnel-server.ts";

export * from "./device-types.ts";

const COUNT_OF: Record<FrameRefusal, keyof DeviceCounts> = {
  "in-clear": "refusedInClear",
  "before-key": "refusedBeforeKey",
  malformed: "malformed",
};

/** An emulated Smart Energy device: one node, its clusters, and the way that GBCS messages take. */
export class EmulatedDevice {
  readonly type: DeviceType;
  readonly eui64: Eui64;
  readonly node: DeviceNode;
  readonly counts: DeviceCounts = {
    messagesIn: 0,
    messagesOut: 0,
    unanswered: 0,
    undelivered: 0,
    refusedInClear: 0,
    refusedBeforeKey: 0,
    malformed: 0,
  };
  readonly faults: DeviceFaults;
  messageHandler: MessageHandler;
  readonly #profile: DeviceProfile;
  readonly #air: Air;
  readonly #link: MessageLink | undefined;
  readonly #endpoints: Endpoints;
  readonly #keyEstablishment: KeyEstablishmentClient | undefined;
  readonly #reader: AttributeReader;
  readonly #routine: Routine | undefined;
  readonly #listeners = new Set<(event: DeviceEvent) => void>();
  #sequence = 0;

  constructor(profile: DeviceProfile, options: EmulatedDeviceOptions) {
    const { air, clock, eui64 } = options;
    this.#profile = profile;
    this.#air = air;
    this.type = profile.type;
    this.eui64 = eui64;
    this.faults = { ...NO_FAULTS, ...options.faults };
    this.messageHandler = options.messageHandler ?? (() => undefined);
    this.node = this.#makeNode(options);
    this.#link = this.#makeLink(options);
    this.#keyEstablishment = this.#makeKeyEstablishment(options);
    this.#endpoints = this.#makeEndpoints();
    this.#reader = new AttributeReader({
      clock,
      answerMs: this.node.settings.answerMs,
      post: (out, done) => this.#post(out, (outcome) => done(outcome === "delivered")),
      nextSequence: () => this.#nextSequence(),
    });
    this.#routine = this.#makeRoutine(options);
  }

  start(): void {
    this.node.start();
  }

  stop(): void {
    this.#down();
    this.node.stop();
  }

  /** The button on the device, or its half hour: it looks for its network at once, or for what waits there. */
  wake(): void {
    this.node.wake();
    this.#link?.wake();
  }

  on(listener: (event: DeviceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether the link key may be used: key establishment is done, or there are no credentials for it. */
  get keyed(): boolean {
    return this.#keyEstablishment === undefined || this.node.established;
  }

  /** Tunnels that are open. */
  get tunnelIds(): readonly number[] {
    return this.#link?.tunnelIds ?? [];
  }

  /** Sends a message of the device's own (an Alert) through its tunnel; resolves to whether it was taken. */
  send(message: Uint8Array): Promise<boolean> {
    if (this.#link) return this.#link.send(message);
    this.#sent(message, false);
    return Promise.resolve(false);
  }

  /** Asks the Trust Centre for a link key shared with another device (Zigbee 4.7.3.6). */
  requestPartnerKey(partner: Eui64): void {
    this.node.requestPartnerKey(partner);
  }

  /** Reads attributes of the hub, or of a partner whose link key is known. Resolves to undefined without an answer. */
  read(
    target: { nodeId: number; endpoint: number; cluster: number },
    attributeIds: readonly number[],
  ): Promise<ReadOutcome> {
    const { nodeId, endpoint, cluster } = target;
    return new Promise((done) =>
      this.#reader.read(
        {
          nodeId,
          profile: SE_PROFILE,
          cluster,
          sourceEndpoint: this.#endpoints.numberOf("outputClusters", cluster),
          destinationEndpoint: endpoint,
          apsSecurity: needsLinkKey(SE_PROFILE, cluster),
        },
        attributeIds,
        done,
      ),
    );
  }

  #emit(event: DeviceEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  #post(out: OutgoingMessage, done: (outcome: DeviceSendOutcome) => void = () => {}): void {
    if (this.faults.mute) done("delivered");
    else this.node.post(out, done);
  }

  #makeNode({ air, clock, random, eui64, installCode, node, snapshot }: EmulatedDeviceOptions): DeviceNode {
    const { capability, manufacturerCode, endpoints } = this.#profile;
    const made = new DeviceNode({
      air,
      clock,
      random,
      eui64,
      linkKey: installCodeKey(installCode),
      capability,
      manufacturerCode,
      endpoints,
      settings: { ...this.#profile.node, ...node },
      ...(snapshot ? { snapshot } : {}),
    });
    made.onEvent = (event) => this.#nodeEvent(event);
    made.onMessage = (message, kind) => this.#endpoints.frame(message, kind === "unicast");
    return made;
  }

  #makeLink({ clock, tunnel, resend, mailbox }: EmulatedDeviceOptions): MessageLink | undefined {
    const { node } = this;
    const ports: MessageLinkPorts = {
      post: (out, done) => this.#post(out, done),
      nextSequence: () => this.#nextSequence(),
      received: (message) => this.#received(message),
      sent: (message, delivered) => this.#sent(message, delivered),
      opened: (tunnelId, peer) => this.#emit({ type: "tunnel-open", tunnelId, peer }),
      closed: (tunnelId) => this.#emit({ type: "tunnel-closed", tunnelId }),
      eui64Of: (nodeId) => node.nwk.eui64Of(nodeId),
    };
    const on = (side: "inputClusters" | "outputClusters") =>
      this.#profile.endpoints.find((each) => each[side].includes(TUNNELLING_CLUSTER))?.endpoint ?? 0;
    if (this.#profile.tunnel === "server") {
      const settings = { ...TUNNEL_DEFAULTS, ...tunnel };
      const keep = { ...RESEND_DEFAULTS, ...resend };
      return new ServedTunnel({ clock, settings, resend: keep, endpoint: on("inputClusters"), ports });
    }
    if (this.#profile.tunnel === undefined) return undefined;
    const settings = { ...MAILBOX_DEFAULTS, ...mailbox };
    return new MailboxTunnel({
      clock,
      settings,
      endpoint: on("outputClusters"),
      ports: {
        ...ports,
        findServer: (done) => node.findServers(SE_PROFILE, TUNNELLING_CLUSTER, done),
        hubNode: () => node.nwk.parent ?? 0,
        stayAwake: () => node.stayAwake(),
        receiving: () => node.receiving,
      },
    });
  }

  #makeKeyEstablishment(options: EmulatedDeviceOptions): KeyEstablishmentClient | undefined {
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
        alter: (message) => this.faults.keyEstablishment(message),
        findServer: (done) => node.findServers(SE_PROFILE, KEY_ESTABLISHMENT_CLUSTER, done),
        send: (endpoint, payload, done) => {
          const cluster = KEY_ESTABLISHMENT_CLUSTER;
          const out = {
            nodeId: node.nwk.parent ?? 0,
            profile: SE_PROFILE,
            cluster,
            sourceEndpoint: this.#endpoints.numberOf("outputClusters", cluster),
            destinationEndpoint: endpoint,
            apsSecurity: false,
            payload,
          };
          this.#post(out, (outcome) => done(outcome === "delivered"));
        },
        nextSequence: () => this.#nextSequence(),
        install: (key) => node.setTrustCenterLinkKey(key),
        stayAwake: () => node.stayAwake(),
        ended: (outcome) => this.#keyed(outcome),
      },
    });
  }

  #makeEndpoints(): Endpoints {
    return new Endpoints({
      endpoints: this.#profile.endpoints,
      attributes: (cluster) => this.#attributes(cluster),
      link: this.#link,
      ports: {
        post: (out) => this.#post(out),
        keyed: () => this.keyed,
        refused: (why) => {
          this.counts[COUNT_OF[why]]++;
        },
        keyEstablishment: (message, header, payload, unicast) =>
          this.#keyFrame(message, header, payload, unicast),
        fromServer: (message, frame) => this.#reader.answer(message, frame),
      },
    });
  }

  #makeRoutine({ clock, random, routine }: EmulatedDeviceOptions): Routine | undefined {
    if (routine === undefined) return undefined;
    const { node } = this;
    return new Routine(
      clock,
      random,
      { ...ROUTINE_DEFAULTS, ...routine },
      {
        findServer: (cluster, done) => node.findServers(SE_PROFILE, cluster, done),
        read: (cluster, endpoint, attributeIds, done) => {
          const nodeId = node.nwk.parent ?? 0;
          void this.read({ nodeId, endpoint, cluster }, attributeIds).then(done);
        },
        time: (utc, status) => this.#emit({ type: "time", utc, status }),
        hubLost: () => node.parentLost(),
        stayAwake: () => node.stayAwake(),
      },
    );
  }

  #attributes(cluster: number): Attributes {
    const own = this.#profile.attributes[cluster] ?? {};
    if (cluster === KEY_ESTABLISHMENT_CLUSTER) {
      const suites = this.#keyEstablishment?.suites ?? 0;
      return { ...own, [KEY_ESTABLISHMENT_SUITE_ATTRIBUTE]: enum16Attribute(suites) };
    }
    if (cluster === TUNNELLING_CLUSTER && this.#link instanceof ServedTunnel)
      return { ...own, 0: u16Attribute(this.#link.closeTunnelTimeout) };
    return own;
  }

  #nodeEvent(event: DeviceNodeEvent): void {
    switch (event.type) {
      case "up":
        this.#up(event);
        return;
      case "down":
        this.#down();
        this.#emit({ type: "left" });
        return;
      default:
        this.#emit(event);
    }
  }

  #up({ how, nodeId }: Extract<DeviceNodeEvent, { type: "up" }>): void {
    this.#emit({ type: "joined", how, nodeId });
    const { trustCenter } = this.node;
    if (this.keyed) this.#ready();
    else if (trustCenter !== undefined) this.#keyEstablishment?.begin(trustCenter);
  }

  #ready(): void {
    this.#link?.ready();
    this.#routine?.start();
  }

  #down(): void {
    this.#keyEstablishment?.stop();
    this.#routine?.stop();
    this.#reader.clear();
    this.#link?.down();
  }

  #keyed(outcome: KeyEstablishmentOutcome): void {
    this.#emit({ type: "key-establishment", outcome });
    if (outcome.result === "established") this.#ready();
  }

  /** The Trust Centre's answers; a device serves nobody's key establishment itself. */
  #keyFrame(message: ApsMessage, header: ZclHeader, payload: Uint8Array, unicast: boolean): boolean {
    if (header.direction === "clientToServer" || this.#keyEstablishment === undefined) return false;
    const eui64 = this.node.nwk.eui64Of(message.nodeId);
    if (eui64 === undefined || eui64 !== this.node.trustCenter) return true;
    const from = { eui64, endpoint: message.sourceEndpoint };
    const apsCounter = message.sequence;
    this.#keyEstablishment.receive({ from, apsCounter, unicast, header, payload });
    return true;
  }

  /** Emulated time stands still until the handler has answered. */
  async #received(message: Uint8Array): Promise<Uint8Array | undefined> {
    this.counts.messagesIn++;
    this.#emit({ type: "message-in", message });
    const release = this.#air.hold();
    try {
      const answer = await this.#handled(message);
      if (answer === undefined) this.counts.unanswered++;
      return answer;
    } finally {
      release();
    }
  }

  /** A message that cannot be decoded is met with silence, as GBCS wants; any other fault is a fault. */
  async #handled(message: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.messageHandler(message);
    } catch (error) {
      if (error instanceof HanwayError) return undefined;
      throw error;
    }
  }

  #sent(message: Uint8Array, delivered: boolean): void {
    if (delivered) this.counts.messagesOut++;
    else this.counts.undelivered++;
    this.#emit({ type: "message-out", message, delivered });
  }
}
