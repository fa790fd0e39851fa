import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Deliver } from "../base/routing.ts";
import { installCodeKey } from "../cbke/install-code.ts";
import { type DeviceSpec, type DeviceView, type HanDevice, makeDevice, viewOf } from "./device.ts";
import { Dispatch } from "./dispatch.ts";
import { Joining } from "./join/joining.ts";
import { JOIN_SETTINGS, type JoinHow, type JoinInput, type JoinStep } from "./join/state.ts";
import { deviceTypeOf, type JoiningDevice } from "./join/window.ts";
import type { HanPorts, HanSettings } from "./ports.ts";
import { HUB_ENDPOINTS } from "./radio/endpoints.ts";
import type { IncomingAps, NetworkInfo, RadioEvent, RadioPort, SendOutcome } from "./radio/port.ts";
import { Roster } from "./roster.ts";
import { KEY_ESTABLISHMENT_SERVER } from "./security/key-establishment-server.ts";
import { NETWORK_KEY_SETTINGS } from "./security/network-key.ts";
import { PROFILE_ZDO } from "./security/policy.ts";
import { TrustCentre } from "./security/trust-centre.ts";
import { HanSender } from "./sender.ts";
import { TUNNEL_SETTINGS } from "./tunnel/client.ts";
import { Tunnels } from "./tunnel/tunnels.ts";
import { hubAttributes, KEEP_ALIVE } from "./zcl-server/attributes.ts";
import { Identify } from "./zcl-server/identify.ts";
import { ZclServer } from "./zcl-server/server.ts";
import { timeAttributes } from "./zcl-server/time.ts";
import { encodeNwkAddressRequest, ZDO } from "./zdo.ts";

export type { HanEvent, HanPorts, HanSettings } from "./ports.ts";

/** The Home Area Network: the devices that may speak, their joining, their keys, and a tunnel to each that has one. */
export class HomeAreaNetwork {
  readonly #ports: HanPorts;
  readonly #radio: RadioPort;
  readonly #log: Log;
  readonly #roster = new Roster();
  readonly #sender: HanSender;
  readonly #trust: TrustCentre;
  readonly #tunnels: Tunnels;
  readonly #joining: Joining;
  readonly #dispatch: Dispatch;
  /** Resolves when the present radio knows what the hub knows. */
  #settled: Promise<void> = Promise.resolve();
  /** Addresses that are being asked about. */
  readonly #asked = new Set<number>();
  #extendedPanId: Eui64 | undefined;

  constructor(ports: HanPorts, devices: readonly DeviceSpec[], settings: HanSettings = {}) {
    const { radio, clock, log, records, clockState, security } = ports;
    const emit = ports.emit.bind(ports);
    const roster = this.#roster;
    this.#ports = ports;
    this.#radio = radio;
    this.#log = log;
    this.#sender = new HanSender(radio, roster, records, log);
    const sender = this.#sender;
    const input = (device: HanDevice, given: JoinInput) => this.#joining.input(device, given);
    this.#trust = new TrustCentre(
      { radio, clock, log, records, roster, sender, clockState, security, input },
      {
        networkKey: { ...NETWORK_KEY_SETTINGS, ...settings.networkKey },
        keyEstablishment: { ...KEY_ESTABLISHMENT_SERVER, ...settings.keyEstablishment },
      },
    );
    this.#tunnels = new Tunnels({ clock, log, sender, mailbox: ports.mailbox, records: ports.tunnels, emit });
    this.#joining = new Joining(
      { ...JOIN_SETTINGS, ...settings.join, keyEstablishment: this.#trust.required },
      {
        clock,
        log,
        radio,
        step: (device, step) => this.#step(device, step),
        failed: ({ spec }, failure) => {
          const { step, cause, next } = failure;
          log.warn({ device: spec.eui64, step, next }, cause);
          emit({ type: "join-failed", device: spec.eui64, failure });
        },
        cameIn: (device) => this.#cameIn(device),
        wentOut: (device) => this.#tunnels.close(device),
        changed: () => this.#trust.changed(),
      },
    );
    this.#dispatch = new Dispatch({
      send: (message) => sender.send(message),
      log,
      server: this.#makeServer(),
      tunnelServer: this.#tunnels.server,
      keyEstablishment: () => this.#trust.keyEstablishment,
      deviceOf: (nodeId) => roster.at(nodeId),
      deviceNamed: (eui64) => roster.named(eui64),
      heard: (device, frame) => this.#heard(device, frame),
      found: (device, nodeId) => this.#locate(device, nodeId),
      stranger: (frame) => this.#stranger(frame),
    });
    for (const spec of devices) this.add(spec);
    radio.on((event) => this.#onRadio(event));
  }

  #makeServer(): ZclServer {
    const { clock, clockState, identity } = this.#ports;
    const identify = new Identify(clock);
    const attributes = hubAttributes({
      identity,
      keepAlive: KEEP_ALIVE,
      suites: () => this.#trust.keyEstablishment?.suites ?? 0,
      time: timeAttributes(clock, clockState),
      identify: identify.attributes(),
    });
    return new ZclServer(HUB_ENDPOINTS, attributes, identify);
  }

  /** Brings the network up and opens it for the devices that have an install code, for `joinSeconds`. */
  async start(joinSeconds: number): Promise<NetworkInfo> {
    this.#tunnels.server.keep((device) => this.#roster.named(device) !== undefined);
    const network = await this.#radio.start();
    this.#trust.start(network.eui64);
    await this.#settled;
    if (joinSeconds > 0) {
      for (const { spec, join } of this.#roster.all()) {
        if (spec.installCode === undefined || join.keyed) continue;
        const key = installCodeKey(spec.installCode);
        const window = { eui64: spec.eui64, kind: spec.type, key, keyIs: "install-code" } as const;
        await this.openJoining(window, joinSeconds);
      }
    }
    return network;
  }

  async stop(): Promise<void> {
    for (const device of this.#roster.all()) device.tunnel?.stop();
    this.#joining.stop();
    this.#trust.networkKey.stop();
    await this.#radio.stop();
  }

  /** Puts a device on the list of those that may speak; one that is there stays as it is. */
  add(spec: DeviceSpec): void {
    if (this.#roster.named(spec.eui64) !== undefined) return;
    const keyed = this.#ports.records.linkKey(spec.eui64) !== undefined;
    this.#roster.add(makeDevice(spec, this.#tunnels.clientFor(spec), keyed));
  }

  /** Whether the network can be opened at all now. Rejects `radio/unavailable` where the radio is away. */
  async setJoinTimeout(_seconds: number): Promise<void> {
    this.#radioIsUp();
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
    // A removal that is refused must leave the device on the list, as it leaves it in the Device Log.
    this.#radioIsUp();
    const device = this.#roster.named(eui64);
    if (device !== undefined) {
      this.#joining.forget(device);
      this.#roster.remove(device);
      this.#trust.forget(eui64);
      this.#tunnels.close(device);
      device.tunnel?.stop();
      this.#log.info({ device: eui64 }, "device taken off the list");
    }
    this.#ports.mailbox?.removed?.(eui64);
    await this.#radio.dismiss(eui64);
    const nodeId = device?.lastNodeId ?? (await this.#radio.nodeIdOf(eui64));
    if (nodeId !== undefined) await this.#expel(eui64, nodeId);
    await this.#radio.linkKeys.remove(eui64);
  }

  /** Forms the network anew with this Extended PAN ID; nothing where it has it already. Throws `radio/*`. */
  async reform(extendedPanId: Eui64): Promise<void> {
    await this.#radio.reform(extendedPanId);
    await this.#settled;
  }

  /** Begins a rotation of the network key. Throws `radio/*`; what follows goes on by itself. */
  async rotateNetworkKey(): Promise<void> {
    await this.#trust.networkKey.start();
  }

  /** One transfer to the gas meter, through the tunnel that it opened; prefix and all. */
  async transfer(eui64: Eui64, data: Uint8Array): Promise<SendOutcome | "no-tunnel" | "too-large"> {
    const device = this.#roster.named(eui64);
    return device === undefined ? "no-tunnel" : this.#tunnels.server.send(device, data);
  }

  views(): DeviceView[] {
    return this.#roster.all().map((device) => viewOf(device, this.#tunnels.server.isOpen(device)));
  }

  /**
   * The way to a device, for the router: its tunnel, or the mailbox where the device opens the tunnel itself; undefined
   * for a device not on the list or without a tunnel.
   */
  way(eui64: Eui64): Deliver | undefined {
    const device = this.#roster.named(eui64);
    if (device === undefined) return undefined;
    if (device.spec.type === "gsme" || this.#tunnels.server.isOpen(device)) return this.#mailbox();
    const { tunnel } = device;
    return tunnel === undefined ? undefined : { deliver: (_device, message) => tunnel.deliver(message) };
  }

  #mailbox(): Deliver | undefined {
    const { mailbox } = this.#ports;
    const deliver = mailbox?.deliver?.bind(mailbox);
    return deliver && { deliver };
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

  #input(eui64: Eui64, input: JoinInput): void {
    const device = this.#roster.named(eui64);
    if (device !== undefined) this.#joining.input(device, input);
  }

  /** After every start of the radio: tunnels are made anew, keys agree with the log, devices are looked for. */
  async #radioUp(): Promise<void> {
    const network = this.#radio.network;
    if (network !== undefined) this.#ports.emit({ type: "network", network });
    const devices = this.#roster.all();
    // Another network: nobody is on it yet.
    if (this.#extendedPanId !== undefined && this.#extendedPanId !== network?.extendedPanId)
      for (const device of devices) this.#lose(device);
    this.#extendedPanId = network?.extendedPanId;
    for (const device of devices) if (device.nodeId !== undefined) this.#locate(device, device.nodeId);
    await this.#trust.radioUp();
    for (const device of devices) if (device.nodeId === undefined) await this.#lookFor(device);
  }

  async #lookFor(device: HanDevice): Promise<void> {
    const { eui64 } = device.spec;
    try {
      const nodeId = await this.#radio.nodeIdOf(eui64);
      if (device.nodeId !== undefined) return;
      if (nodeId !== undefined) return this.#locate(device, nodeId);
      if (this.#radio.network?.formed === true) return;
      await this.#radio.broadcast({
        profile: PROFILE_ZDO,
        cluster: ZDO.nwkAddressRequest,
        sourceEndpoint: 0,
        destinationEndpoint: 0,
        payload: encodeNwkAddressRequest(this.#sender.sequence(), eui64),
      });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.debug({ device: eui64, code: error.code }, "device was not looked for");
    }
  }

  /** After a restart a device may speak before it has been looked for; others are told to leave. */
  /** Resolves when the frame is dealt with and may be acknowledged. */
  async #stranger(frame: IncomingAps): Promise<void> {
    const { nodeId, cluster } = frame;
    if (this.#asked.has(nodeId)) throw new HanwayError("tunnel/closed", "its address is being looked up");
    this.#asked.add(nodeId);
    try {
      const eui64 = await this.#radio.eui64Of(nodeId);
      const device = eui64 === undefined ? undefined : this.#roster.named(eui64);
      if (device !== undefined) {
        this.#locate(device, nodeId);
        const work: Promise<unknown>[] = [];
        this.#dispatch.frame({ ...frame, acknowledgeAfter: (safe) => work.push(safe) });
        await Promise.all(work);
        return;
      }
      this.#log.warn({ device: eui64, nodeId, cluster }, "frame of a device that is not on the list dropped");
      if (eui64 === undefined) throw new HanwayError("tunnel/closed", "its address belongs to nobody known");
      this.#tunnels.stranger(eui64, frame);
      await this.#expel(eui64, nodeId);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#log.debug({ nodeId, cluster, code: error.code }, "frame of an unknown address dropped");
      throw error;
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
    this.#expel(eui64, nodeId).catch(() => {});
  }

  #radioIsUp(): void {
    if (this.#radio.state !== "up")
      throw new HanwayError("radio/unavailable", "the link to the radio is down");
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
    const known = at === "in" || (at === "out" && (keyed || !this.#trust.required));
    if (known) device.tunnel?.input({ type: "here", nodeId });
  }

  #step(device: HanDevice, step: JoinStep): void {
    const { eui64 } = device.spec;
    this.#log.info({ device: eui64, step }, `join: ${step}`);
    this.#ports.emit({ type: "join-step", device: eui64, step });
    if (step === "link key") void this.#trust.tryStartKey(device);
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
    this.#trust.networkKey.awake(device);
    if (device.join.at === "out") this.#joining.input(device, { type: "spoke", how: "resumed" });
    if (security !== "link-key") return;
    if (device.join.at === "keying") void this.#trust.startKeyUsed(device);
    // It uses its new key: the install code has done its work.
    if (device.join.at === "in" && device.join.keyed && device.join.window) void this.#closeWindow(device);
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
    this.#tunnels.close(device);
  }
}
