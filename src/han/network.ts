import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Deliver } from "../base/routing.ts";
import { KEY_ESTABLISHMENT_CLUSTER, KEY_ESTABLISHMENT_SUITE_ATTRIBUTE } from "../cbke/commands.ts";
import { type KeyEstablishmentOutcome, mayRetry } from "../cbke/exchange.ts";
import { installCodeKey } from "../cbke/install-code.ts";
import { terminateStatusName } from "../cbke/terminate-status.ts";
import { READ_ATTRIBUTES } from "../zcl/foundation.ts";
import { encodeGeneral } from "../zcl/frame.ts";
import { TUNNELLING_CLUSTER } from "../zcl/tunnelling.ts";
import {
  type DeviceSpec,
  type DeviceView,
  type HanDevice,
  makeDevice,
  TUNNEL_SERVERS,
  viewOf,
} from "./device.ts";
import { Dispatch } from "./dispatch.ts";
import { Joining } from "./join/joining.ts";
import type { JoinRecords } from "./join/records.ts";
import {
  JOIN_SETTINGS,
  type JoinFailure,
  type JoinHow,
  type JoinSettings,
  type JoinStep,
} from "./join/state.ts";
import { deviceTypeOf, type JoiningDevice } from "./join/window.ts";
import { CHF_ENDPOINT, HUB_ENDPOINTS } from "./radio/endpoints.ts";
import type {
  IncomingAps,
  NetworkInfo,
  OutgoingAps,
  RadioEvent,
  RadioPort,
  SendOutcome,
} from "./radio/port.ts";
import { Roster } from "./roster.ts";
import type { HubSecurity } from "./security/credentials.ts";
import { mayLeave } from "./security/gate.ts";
import { KeyEstablishmentServer } from "./security/key-establishment-server.ts";
import { LinkKeys } from "./security/link-keys.ts";
import { NETWORK_KEY_SETTINGS, NetworkKeyRotation, type NetworkKeySettings } from "./security/network-key.ts";
import { PartnerKeyPolicy } from "./security/partner-keys.ts";
import { PROFILE_SMART_ENERGY, PROFILE_ZDO } from "./security/policy.ts";
import { TUNNEL_SETTINGS, TunnelClient } from "./tunnel/client.ts";
import { type HubIdentity, hubAttributes, KEEP_ALIVE } from "./zcl-server/attributes.ts";
import type { ClockStateSource } from "./zcl-server/clock-state.ts";
import { Identify } from "./zcl-server/identify.ts";
import { ZclServer } from "./zcl-server/server.ts";
import { timeAttributes } from "./zcl-server/time.ts";
import { encodeMatchServerRequest, encodeNwkAddressRequest, ZDO } from "./zdo.ts";

export type HanEvent =
  | { type: "network"; network: NetworkInfo }
  | { type: "radio-lost"; reason: string }
  /** A step of a device's way into the network. */
  | { type: "join-step"; device: Eui64; step: JoinStep }
  | { type: "join-failed"; device: Eui64; failure: JoinFailure }
  | { type: "joined"; device: Eui64 }
  | { type: "left"; device: Eui64 }
  | { type: "tunnel-open"; device: Eui64; tunnelId: number; maxTransfer: number }
  | { type: "tunnel-lost"; device: Eui64 }
  /** A message out of a device's tunnel, bytes as they came. */
  | {
      type: "message";
      device: Eui64;
      payload: Uint8Array;
      /** Holds the device's acknowledgement back until the message is safe; see {@link IncomingAps}. */
      acknowledgeAfter: IncomingAps["acknowledgeAfter"];
    };

/** The broadcast endpoint: whichever has the cluster. */
const EVERY_ENDPOINT = 0xff;

export interface HanSettings {
  readonly join?: Partial<Omit<JoinSettings, "keyEstablishment">> | undefined;
  readonly networkKey?: Partial<NetworkKeySettings> | undefined;
}

export interface HanPorts {
  readonly radio: RadioPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly records: JoinRecords;
  readonly clockState: ClockStateSource;
  readonly identity: HubIdentity;
  /**
   * What the hub shows in key establishment, for the radio's EUI-64; undefined where devices go by their install
   * code alone. May throw `config/invalid`.
   */
  readonly security: ((radio: Eui64) => HubSecurity) | undefined;
  emit(event: HanEvent): void;
}

/** The Home Area Network: the devices that may speak, their joining, and a tunnel to each that has a server. */
export class HomeAreaNetwork {
  readonly #ports: HanPorts;
  readonly #radio: RadioPort;
  readonly #log: Log;
  readonly #roster = new Roster();
  readonly #dispatch: Dispatch;
  readonly #joining: Joining;
  readonly #linkKeys: LinkKeys;
  readonly #networkKey: NetworkKeyRotation;
  readonly #partnerKeys: PartnerKeyPolicy;
  readonly #settings: JoinSettings;
  #keyEstablishment: KeyEstablishmentServer | undefined;
  /** Resolves when the present radio knows what the hub knows. */
  #settled: Promise<void> = Promise.resolve();
  /** Addresses that are being asked about. */
  readonly #asked = new Set<number>();
  #extendedPanId: Eui64 | undefined;
  #sequence = 0;

  constructor(ports: HanPorts, devices: readonly DeviceSpec[], settings: HanSettings = {}) {
    const { radio, clock, log, records } = ports;
    this.#ports = ports;
    this.#radio = radio;
    this.#log = log;
    this.#settings = { ...JOIN_SETTINGS, ...settings.join, keyEstablishment: ports.security !== undefined };
    this.#networkKey = new NetworkKeyRotation(radio, clock, log, {
      ...NETWORK_KEY_SETTINGS,
      ...settings.networkKey,
    });
    this.#partnerKeys = new PartnerKeyPolicy(radio, log);
    this.#linkKeys = new LinkKeys(radio, records, log);
    this.#joining = new Joining(this.#settings, {
      clock,
      log,
      radio,
      step: (device, step) => {
        log.info({ device: device.spec.eui64, step }, `join: ${step}`);
        ports.emit({ type: "join-step", device: device.spec.eui64, step });
        if (step === "link key" && device.start?.keyIs === "link-key") void this.#tryStartKey(device);
      },
      failed: ({ spec }, failure) => {
        const { step, cause, next } = failure;
        log.warn({ device: spec.eui64, step, next }, cause);
        ports.emit({ type: "join-failed", device: spec.eui64, failure });
      },
      cameIn: (device) => this.#cameIn(device),
      wentOut: (device) => device.tunnel?.input({ type: "gone" }),
      changed: () => {
        if (this.#settings.keyEstablishment) this.#partnerKeys.update(this.#roster.all());
      },
    });
    const identify = new Identify(clock);
    const attributes = hubAttributes({
      identity: ports.identity,
      keepAlive: KEEP_ALIVE,
      suites: () => this.#keyEstablishment?.suites ?? 0,
      time: timeAttributes(clock, ports.clockState),
      identify: identify.attributes(),
    });
    this.#dispatch = new Dispatch({
      send: (message) => this.#send(message),
      log,
      server: new ZclServer(HUB_ENDPOINTS, attributes, identify),
      keyEstablishment: () => this.#keyEstablishment,
      deviceOf: (nodeId) => this.#roster.at(nodeId),
      deviceNamed: (eui64) => this.#roster.named(eui64),
      heard: (device, frame) => this.#heard(device, frame),
      found: (device, nodeId) => this.#locate(device, nodeId),
      stranger: (frame) => void this.#stranger(frame),
    });
    for (const spec of devices) this.add(spec);
    radio.on((event) => this.#onRadio(event));
  }

  /** Brings the network up and opens it for the devices that have an install code, for `joinSeconds`. */
  async start(joinSeconds: number): Promise<NetworkInfo> {
    const network = await this.#radio.start();
    this.#startKeyEstablishment(network.eui64);
    await this.#settled;
    if (joinSeconds > 0) {
      for (const { spec, join } of this.#roster.all()) {
        if (spec.installCode === undefined || join.keyed) continue;
        const key = installCodeKey(spec.installCode);
        await this.openJoining(
          { eui64: spec.eui64, kind: spec.type, key, keyIs: "install-code" },
          joinSeconds,
        );
      }
    }
    return network;
  }

  async stop(): Promise<void> {
    for (const device of this.#roster.all()) device.tunnel?.stop();
    this.#joining.stop();
    this.#networkKey.stop();
    await this.#radio.stop();
  }

  /** Puts a device on the list of those that may speak; one that is there stays as it is. */
  add(spec: DeviceSpec): void {
    if (this.#roster.named(spec.eui64) !== undefined) return;
    const tunnel =
      spec.type === undefined || TUNNEL_SERVERS.has(spec.type) ? this.#makeTunnel(spec) : undefined;
    const keyed = this.#ports.records.linkKey(spec.eui64) !== undefined;
    this.#roster.add(makeDevice(spec, tunnel, keyed));
  }

  /** Whether the network can be opened at all now. Rejects `radio/unavailable` where the radio is away. */
  async setJoinTimeout(_seconds: number): Promise<void> {
    if (this.#radio.state !== "up")
      throw new HanwayError("radio/unavailable", "the link to the radio is down");
  }

  /**
   * Lets one device join with this key (16 octets) for so many seconds, and puts it on the list where it is not. A
   * window that is open is replaced; while the radio is away it opens as soon as that is back. Throws `radio/*`.
   */
  async openJoining({ eui64, kind, key, keyIs }: JoiningDevice, seconds: number): Promise<void> {
    this.add({ eui64, type: deviceTypeOf(kind), transferSize: TUNNEL_SETTINGS.transferSize });
    const device = this.#roster.named(eui64);
    if (device === undefined) return;
    await this.#joining.open(device, { key, keyIs }, seconds);
    this.#log.info({ device: eui64, type: device.spec.type, seconds }, "join window open");
  }

  /** Ends the window of one device. Throws `radio/*`. */
  async closeJoining(eui64: Eui64): Promise<void> {
    const device = this.#roster.named(eui64);
    if (device !== undefined) await this.#joining.close(device);
  }

  /** Takes a device off the list: it is told to leave, and its key, window and tunnel go. Throws `radio/unavailable`. */
  async removeDevice(eui64: Eui64): Promise<void> {
    const device = this.#roster.named(eui64);
    if (device !== undefined) {
      this.#joining.forget(device);
      this.#roster.remove(device);
      this.#keyEstablishment?.forget(eui64);
      device.tunnel?.stop();
      this.#log.info({ device: eui64 }, "device taken off the list");
    }
    await this.#radio.dismiss(eui64);
    const nodeId = device?.lastNodeId ?? (await this.#radio.nodeIdOf(eui64));
    if (nodeId !== undefined) await this.#expel(eui64, nodeId);
    await this.#radio.removeLinkKey(eui64);
  }

  /** Forms the network anew with this Extended PAN ID; nothing where it has it already. Throws `radio/*`. */
  async reform(extendedPanId: Eui64): Promise<void> {
    await this.#radio.reform(extendedPanId);
    await this.#settled;
  }

  /** Begins a rotation of the network key. Throws `radio/*`; what follows goes on by itself. */
  async rotateNetworkKey(): Promise<void> {
    await this.#networkKey.start();
  }

  views(): DeviceView[] {
    return this.#roster.all().map(viewOf);
  }

  /** The way to a device's tunnel, for the router; undefined for a device not on the list or without a tunnel. */
  way(eui64: Eui64): Deliver | undefined {
    const tunnel = this.#roster.named(eui64)?.tunnel;
    return tunnel === undefined ? undefined : { deliver: (_device, message) => tunnel.deliver(message) };
  }

  #startKeyEstablishment(radio: Eui64): void {
    const { security, clock, clockState } = this.#ports;
    if (security === undefined || this.#keyEstablishment !== undefined) return;
    this.#keyEstablishment = new KeyEstablishmentServer(security(radio), {
      clock,
      send: (message) => this.#send(message),
      install: (device, key) => this.#install(device, key),
      started: (device) => this.#input(device, { type: "exchange-started" }),
      ended: (device, outcome) => this.#exchangeEnded(device, outcome),
      trustedTime: () => (clockState().state === "reliable" ? Math.floor(clock.now() / 1_000) : undefined),
    });
  }

  async #install(device: Eui64, key: Uint8Array | undefined): Promise<void> {
    if (this.#roster.named(device) === undefined)
      throw new HanwayError("radio/refused", "the device was taken off the list");
    if (key === undefined) throw new HanwayError("internal", "a key that stays in the radio's chip");
    await this.#linkKeys.install(device, key);
  }

  #exchangeEnded(device: Eui64, outcome: KeyEstablishmentOutcome): void {
    if (outcome.result === "established") {
      this.#input(device, { type: "established" });
      return;
    }
    const reason =
      outcome.result === "terminated"
        ? `key establishment ended by ${outcome.by === "us" ? "the hub" : "the device"}, ${terminateStatusName(outcome.status)}: ${outcome.reason}`
        : `key establishment: ${outcome.result} while waiting for ${outcome.phase}`;
    this.#input(device, { type: "exchange-failed", reason, mayRetry: mayRetry(outcome) });
  }

  /**
   * A key of former days is proven by a frame under it that the device acknowledges, or by one that it sends: it is
   * the link key again (A2.9).
   */
  async #tryStartKey(device: HanDevice): Promise<void> {
    const { nodeId, spec } = device;
    if (nodeId === undefined) return;
    const outcome = await this.#send({
      nodeId,
      profile: PROFILE_SMART_ENERGY,
      cluster: KEY_ESTABLISHMENT_CLUSTER,
      sourceEndpoint: CHF_ENDPOINT,
      destinationEndpoint: EVERY_ENDPOINT,
      security: "link-key",
      payload: encodeGeneral(
        KEY_ESTABLISHMENT_CLUSTER,
        READ_ATTRIBUTES,
        { attributeIds: [KEY_ESTABLISHMENT_SUITE_ATTRIBUTE] },
        { sequence: this.#nextSequence(), direction: "serverToClient" },
      ),
    });
    this.#log.debug({ device: spec.eui64, outcome }, "former link key tried");
    if (outcome === "delivered") await this.#startKeyProven(device);
  }

  async #startKeyProven(device: HanDevice): Promise<void> {
    const { start, join, spec } = device;
    if (join.at !== "keying" || start?.keyIs !== "link-key") return;
    try {
      await this.#linkKeys.install(spec.eui64, start.key);
      this.#joining.input(device, { type: "established" });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.error({ device: spec.eui64, code: error.code }, `former link key: ${error.message}`);
    }
  }

  #input(eui64: Eui64, input: Parameters<Joining["input"]>[1]): void {
    const device = this.#roster.named(eui64);
    if (device !== undefined) this.#joining.input(device, input);
  }

  #makeTunnel(spec: DeviceSpec): TunnelClient {
    const device = spec.eui64;
    const { clock, log, emit } = this.#ports;
    return new TunnelClient(
      device,
      { ...TUNNEL_SETTINGS, transferSize: spec.transferSize },
      {
        clock,
        air: {
          send: (message) => this.#send(message),
          zclSequence: () => this.#nextSequence(),
          findServer: (nodeId) => this.#findServer(nodeId),
        },
        events: {
          opened: (tunnelId, maxTransfer) => {
            log.info({ device, tunnelId, maxTransfer }, "tunnel open");
            emit({ type: "tunnel-open", device, tunnelId, maxTransfer });
          },
          lost: () => {
            log.warn({ device }, "tunnel lost; a new one is requested");
            emit({ type: "tunnel-lost", device });
          },
          refused: (status) => log.warn({ device, status }, "device refused the tunnel; trying again"),
          overflow: () => log.warn({ device }, "device could not take a message of that size"),
          message: (payload, acknowledgeAfter) =>
            emit({ type: "message", device, payload, acknowledgeAfter }),
        },
      },
    );
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  /** Everything that the hub sends to one device goes through here. */
  async #send(message: OutgoingAps): Promise<SendOutcome> {
    const device = this.#roster.at(message.nodeId);
    if (!mayLeave(message, device?.join.at)) {
      const { nodeId, cluster } = message;
      this.#log.error({ nodeId, cluster }, "a frame that the security policy forbids was not sent");
      return "not-delivered";
    }
    const outcome = await this.#radio.send(message);
    if (device !== undefined && outcome !== "radio-lost")
      this.#ports.records.transmitted(device.spec.eui64, outcome === "delivered");
    return outcome;
  }

  #findServer(nodeId: number): void {
    const payload = encodeMatchServerRequest(
      this.#nextSequence(),
      nodeId,
      PROFILE_SMART_ENERGY,
      TUNNELLING_CLUSTER,
    );
    void this.#send({
      nodeId,
      profile: PROFILE_ZDO,
      cluster: ZDO.matchDescriptorRequest,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      security: "network",
      payload,
    });
  }

  #onRadio(event: RadioEvent): void {
    switch (event.type) {
      case "state":
        if (event.state === "up") this.#settled = this.#radioUp();
        else if (event.state === "lost") {
          this.#log.warn({ reason: event.reason }, "radio lost; a new link is being made");
          this.#ports.emit({ type: "radio-lost", reason: event.reason ?? "unknown" });
        }
        return;
      case "frame":
        this.#dispatch.frame(event.frame);
        return;
      case "seen":
        this.#input(event.eui64, { type: "seen" });
        return;
      case "associated":
        this.#input(event.eui64, { type: "associated", how: event.how });
        return;
      case "joined":
        this.#joined(event.eui64, event.nodeId, event.how);
        return;
      case "refused":
        this.#log.warn(
          { device: event.eui64 },
          "device asked to join and was refused: no install code put in for it",
        );
        return;
      case "left":
        this.#left(event.eui64);
        return;
    }
  }

  /** After every start of the radio: keys agree with the log, tunnels are made anew, devices are looked for. */
  async #radioUp(): Promise<void> {
    const network = this.#radio.network;
    if (network !== undefined) this.#ports.emit({ type: "network", network });
    const devices = this.#roster.all();
    // Another network: nobody is on it yet.
    if (this.#extendedPanId !== undefined && this.#extendedPanId !== network?.extendedPanId)
      for (const device of devices) this.#lose(device);
    this.#extendedPanId = network?.extendedPanId;
    for (const device of devices) if (device.nodeId !== undefined) this.#locate(device, device.nodeId);
    if (this.#settings.keyEstablishment) this.#partnerKeys.renew(devices);
    await this.#networkKey.resume();
    await this.#linkKeys.keepOnly(new Set(devices.map(({ spec }) => spec.eui64)));
    for (const device of devices) {
      if (this.#settings.keyEstablishment) await this.#linkKeys.agree(device.spec.eui64);
      if (device.nodeId === undefined) await this.#lookFor(device);
    }
  }

  async #lookFor(device: HanDevice): Promise<void> {
    try {
      const nodeId = await this.#radio.nodeIdOf(device.spec.eui64);
      if (device.nodeId !== undefined) return;
      if (nodeId !== undefined) return this.#locate(device, nodeId);
      if (this.#radio.network?.formed === true) return;
      await this.#radio.broadcast({
        profile: PROFILE_ZDO,
        cluster: ZDO.nwkAddressRequest,
        sourceEndpoint: 0,
        destinationEndpoint: 0,
        payload: encodeNwkAddressRequest(this.#nextSequence(), device.spec.eui64),
      });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.debug({ device: device.spec.eui64, code: error.code }, "device was not looked for");
    }
  }

  /** After a restart a device may speak before it has been looked for. */
  async #stranger(frame: IncomingAps): Promise<void> {
    const { nodeId, cluster } = frame;
    if (this.#asked.has(nodeId)) return;
    this.#asked.add(nodeId);
    try {
      const eui64 = await this.#radio.eui64Of(nodeId);
      const device = eui64 === undefined ? undefined : this.#roster.named(eui64);
      if (device !== undefined) {
        this.#locate(device, nodeId);
        this.#dispatch.frame(frame);
      } else
        this.#log.warn(
          { device: eui64, nodeId, cluster },
          "frame of a device that is not on the list dropped",
        );
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.debug({ nodeId, cluster, code: error.code }, "frame of an unknown address dropped");
    } finally {
      this.#asked.delete(nodeId);
    }
  }

  #joined(eui64: Eui64, nodeId: number, how: JoinHow): void {
    const device = this.#roster.named(eui64);
    if (device !== undefined) {
      this.#locate(device, nodeId);
      this.#joining.input(device, { type: "spoke", how });
      return;
    }
    this.#log.warn({ device: eui64 }, "a device that is not on the list joined; it is told to leave");
    void this.#expel(eui64, nodeId).catch(() => {});
  }

  /** Tells a device to leave. What the radio refuses is only logged; throws `radio/unavailable`. */
  async #expel(eui64: Eui64, nodeId: number): Promise<void> {
    try {
      await this.#radio.removeDevice(eui64, nodeId);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.warn({ device: eui64, code: error.code }, "device could not be told to leave");
      if (error.code === "radio/unavailable") throw error;
    }
  }

  /** The device is at this address now: whatever was known of its tunnel is out of date. */
  #locate(device: HanDevice, nodeId: number): void {
    this.#roster.locate(device, nodeId);
    const { at, keyed } = device.join;
    const known = at === "in" || (at === "out" && (keyed || !this.#settings.keyEstablishment));
    if (known) device.tunnel?.input({ type: "here", nodeId });
  }

  #cameIn(device: HanDevice): void {
    const { spec, tunnel, nodeId } = device;
    this.#log.info({ device: spec.eui64, type: spec.type }, "device joined");
    this.#ports.emit({ type: "joined", device: spec.eui64 });
    if (nodeId !== undefined && tunnel?.phase === "absent") tunnel.input({ type: "here", nodeId });
  }

  #heard(device: HanDevice, { lqi, rssi, security }: IncomingAps): void {
    const at = this.#ports.clock.now();
    device.lqi = lqi;
    device.rssi = rssi;
    device.lastHeard = at;
    this.#ports.records.heard(device.spec.eui64, { lqi, rssi, at });
    this.#networkKey.awake(device);
    if (device.join.at === "out") this.#joining.input(device, { type: "spoke", how: "resumed" });
    if (security === "link-key" && device.join.at === "keying") void this.#startKeyProven(device);
    // It uses its new key: the install code has done its work.
    const proven = security === "link-key" && device.join.at === "in" && device.join.keyed;
    if (proven && device.join.window) void this.#closeWindow(device);
  }

  async #closeWindow(device: HanDevice): Promise<void> {
    try {
      await this.#joining.close(device);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.debug({ device: device.spec.eui64, code: error.code }, "the admission ends by itself");
    }
  }

  #left(eui64: Eui64): void {
    const device = this.#roster.named(eui64);
    if (device === undefined) return;
    this.#lose(device);
    this.#log.info({ device: eui64 }, "device left");
    this.#ports.emit({ type: "left", device: eui64 });
  }

  #lose(device: HanDevice): void {
    this.#roster.lose(device);
    this.#joining.input(device, { type: "left" });
    device.tunnel?.input({ type: "gone" });
  }
}
