import type { DeviceType } from "../../base/device-type.ts";
import type { Eui64 } from "../../base/eui64.ts";
import {
  KEY_ESTABLISHMENT_CLUSTER,
  KEY_ESTABLISHMENT_SUITE_ATTRIBUTE,
  type KeyEstablishmentOutcome,
} from "../../cbke/index.ts";
import { installCodeKey } from "../../cbke/install-code.ts";
import { TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import { DeviceNode, type DeviceNodeEvent } from "../stack/device-node.ts";
import { Application } from "./application.ts";
import { AttributeReader, type ReadOutcome } from "./attribute-reader.ts";
import { type Attributes, enum16Attribute, u16Attribute } from "./attributes.ts";
import type { DeviceCounts, DeviceEvent, EmulatedDeviceOptions, MessageHandler } from "./device-types.ts";
import { Endpoints, endpointWith, type FrameRefusal } from "./endpoints.ts";
import { type DeviceFaults, NO_FAULTS } from "./faults.ts";
import { KeyEstablishmentClient } from "./key-establishment.ts";
import { makeLink } from "./make-link.ts";
import type { MessageLink } from "./message-link.ts";
import type { DeviceProfile } from "./profiles.ts";
import { ROUTINE_DEFAULTS, Routine } from "./routine.ts";
import { needsLinkKey, SE_PROFILE } from "./security.ts";
import { ServedTunnel } from "./served-tunnel.ts";
import { ZclSender } from "./zcl-sender.ts";

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
  readonly #sender: ZclSender;
  readonly #application: Application;
  readonly #link: MessageLink | undefined;
  readonly #endpoints: Endpoints;
  readonly #keyEstablishment: KeyEstablishmentClient | undefined;
  readonly #reader: AttributeReader;
  readonly #routine: Routine | undefined;
  readonly #listeners = new Set<(event: DeviceEvent) => void>();

  constructor(profile: DeviceProfile, options: EmulatedDeviceOptions) {
    this.#profile = profile;
    this.type = profile.type;
    this.eui64 = options.eui64;
    this.faults = { ...NO_FAULTS, ...options.faults };
    this.messageHandler = options.messageHandler ?? (() => undefined);
    this.node = this.#makeNode(options);
    this.#sender = new ZclSender(this.node, this.faults);
    const emit = (event: DeviceEvent) => this.#emit(event);
    const handler: MessageHandler = (message) => this.messageHandler(message);
    this.#application = new Application(handler, options.air, this.counts, emit);
    const parts = { node: this.node, sender: this.#sender, application: this.#application, emit };
    this.#link = makeLink(profile, options, parts);
    this.#keyEstablishment = this.#makeKeyEstablishment(options);
    this.#endpoints = this.#makeEndpoints();
    this.#reader = new AttributeReader(options.clock, this.node.settings.answerMs, this.#sender);
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
    this.#application.sent(message, false);
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
          sourceEndpoint: endpointWith(this.#profile.endpoints, "outputClusters", cluster),
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

  #makeKeyEstablishment(options: EmulatedDeviceOptions): KeyEstablishmentClient | undefined {
    const { cbke, cbkeTimes, clock, random } = options;
    if (cbke === undefined) return undefined;
    return new KeyEstablishmentClient({
      node: this.node,
      sender: this.#sender,
      sourceEndpoint: endpointWith(this.#profile.endpoints, "outputClusters", KEY_ESTABLISHMENT_CLUSTER),
      credentials: cbke,
      random,
      clock,
      ...(cbkeTimes ? { times: cbkeTimes } : {}),
      ports: {
        alter: (message) => this.faults.keyEstablishment(message),
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
        post: (out) => this.#sender.post(out),
        keyed: () => this.keyed,
        refused: (why) => {
          this.counts[COUNT_OF[why]]++;
        },
        keyEstablishment: (...frame) => this.#keyEstablishment?.receive(...frame) ?? false,
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
}
