import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Deliver, DeliveryOutcome } from "../base/routing.ts";
import { installCodeKey } from "../cbke/install-code.ts";
import { type DeviceSpec, type DeviceView, type HanDevice, makeDevice, viewOf } from "./device.ts";
import { Discovery } from "./discovery.ts";
import { Dispatch } from "./dispatch.ts";
import { JOIN_SETTINGS, type JoinHow, type JoinInput } from "./join/state.ts";
import { deviceTypeOf, type JoiningDevice } from "./join/window.ts";
import { Members } from "./members.ts";
import type { HanPorts, HanSettings } from "./ports.ts";
import type { NetworkInfo, RadioEvent, RadioPort, SendOutcome } from "./radio/port.ts";
import { Roster } from "./roster.ts";
import { KEY_ESTABLISHMENT_SERVER } from "./security/key-establishment-server.ts";
import { NETWORK_KEY_SETTINGS } from "./security/network-key.ts";
import { TrustCentre } from "./security/trust-centre.ts";
import { HanSender } from "./sender.ts";
import { TUNNEL_SETTINGS } from "./tunnel/client.ts";
import { Tunnels } from "./tunnel/tunnels.ts";
import { hubServer } from "./zcl-server/hub-server.ts";

export type { HanEvent } from "./ports.ts";

/** The Home Area Network: the devices that may speak, their joining, their keys, and a tunnel to each that has one. */
export class HomeAreaNetwork {
  readonly #ports: HanPorts;
  readonly #radio: RadioPort;
  readonly #log: Log;
  readonly #roster = new Roster();
  readonly #trust: TrustCentre;
  readonly #tunnels: Tunnels;
  readonly #members: Members;
  readonly #discovery: Discovery;
  readonly #dispatch: Dispatch;
  /** Resolves when the present radio knows what the hub knows. */
  #settled: Promise<void> = Promise.resolve();
  #extendedPanId: Eui64 | undefined;

  constructor(ports: HanPorts, devices: readonly DeviceSpec[], settings: HanSettings = {}) {
    const { radio, clock, log, records, clockState, identity, mailbox, hanOnly, security } = ports;
    const emit = ports.emit.bind(ports);
    const roster = this.#roster;
    const sender = new HanSender(radio, roster, records, log);
    this.#ports = ports;
    this.#radio = radio;
    this.#log = log;
    const input = (device: HanDevice, given: JoinInput) => this.#members.joining.input(device, given);
    const trust = new TrustCentre(
      { radio, clock, log, records, roster, sender, clockState, security, input },
      {
        networkKey: { ...NETWORK_KEY_SETTINGS, ...settings.networkKey },
        keyEstablishment: { ...KEY_ESTABLISHMENT_SERVER, ...settings.keyEstablishment },
      },
    );
    this.#trust = trust;
    this.#tunnels = new Tunnels({ clock, log, sender, mailbox, hanOnly, records: ports.tunnels, emit });
    this.#members = new Members(
      { radio, clock, log, records, roster, trust, tunnels: this.#tunnels, emit },
      { ...JOIN_SETTINGS, ...settings.join, keyEstablishment: trust.required },
    );
    const found = (device: HanDevice, nodeId: number) => this.#members.locate(device, nodeId);
    this.#discovery = new Discovery({
      radio,
      log,
      roster,
      sender,
      found,
      frame: (frame) => this.#dispatch.frame(frame),
      stranger: async (eui64, frame) => {
        this.#tunnels.stranger(eui64, frame);
        await trust.expel(eui64, frame.nodeId);
      },
    });
    this.#dispatch = new Dispatch({
      send: (message) => sender.send(message),
      log,
      server: hubServer(clock, clockState, identity, () => trust.keyEstablishment?.suites ?? 0),
      tunnelServer: this.#tunnels.server,
      keyEstablishment: () => trust.keyEstablishment,
      deviceOf: (nodeId) => roster.at(nodeId),
      deviceNamed: (eui64) => roster.named(eui64),
      heard: (device, frame) => this.#members.heard(device, frame),
      found,
      stranger: (frame) => this.#discovery.whose(frame),
    });
    for (const spec of devices) this.add(spec);
    radio.on((event) => this.#onRadio(event));
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
    this.#members.joining.stop();
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
    await this.#members.joining.open(device, { key, keyIs }, seconds);
    this.#log.info({ device: eui64, type: device.spec.type, seconds }, "join window open");
  }

  /** Ends the window of one device. Throws `radio/*`. */
  async closeJoining(eui64: Eui64): Promise<void> {
    const device = this.#roster.named(eui64);
    if (device !== undefined) await this.#members.joining.close(device);
  }

  /** Takes a device off the list: it is told to leave, and its key, window and tunnel go. Throws `radio/unavailable`. */
  async removeDevice(eui64: Eui64): Promise<void> {
    // A removal that is refused must leave the device on the list, as it leaves it in the Device Log.
    this.#radioIsUp();
    const device = this.#roster.named(eui64);
    if (device !== undefined) {
      this.#members.joining.forget(device);
      this.#roster.remove(device);
      this.#trust.forget(eui64);
      this.#tunnels.close(device);
      device.tunnel?.stop();
      this.#log.info({ device: eui64 }, "device taken off the list");
    }
    this.#ports.mailbox?.removed?.(eui64);
    this.#ports.hanOnly?.removed(eui64);
    await this.#radio.dismiss(eui64);
    const nodeId = device?.lastNodeId ?? (await this.#radio.nodeIdOf(eui64));
    if (nodeId !== undefined) await this.#trust.expel(eui64, nodeId);
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

  /** Octets of the largest transfer to the gas meter, as far as it is known. */
  transferLimit(eui64: Eui64): number {
    const device = this.#roster.named(eui64);
    return device === undefined ? TUNNEL_SETTINGS.transferSize : this.#tunnels.server.limit(device);
  }

  /** One message through the tunnel that the hub has to a device, where it is open. */
  async throughTunnel(eui64: Eui64, message: Uint8Array): Promise<DeliveryOutcome> {
    const tunnel = this.#roster.named(eui64)?.tunnel;
    return tunnel?.phase === "open" ? tunnel.deliver(message) : "tunnel-lost";
  }

  views(): DeviceView[] {
    return this.#roster.all().map((device) => viewOf(device, this.#tunnels.server.isOpen(device)));
  }

  /**
   * The way to a device, for the router: its tunnel, or the mailbox where the device opens the tunnel itself; undefined
   * for a device not on the list or without a tunnel. What another device of the HAN sent, which has no id, is stored on
   * its way.
   */
  way(eui64: Eui64): Deliver | undefined {
    const device = this.#roster.named(eui64);
    if (device === undefined) return undefined;
    if (device.spec.type === "gsme" || this.#tunnels.server.isOpen(device)) return this.#mailbox();
    const { tunnel } = device;
    if (tunnel === undefined) return undefined;
    const { hanOnly } = this.#ports;
    return {
      deliver: (_device, message, id) =>
        id === undefined && hanOnly !== undefined ? hanOnly.deliver(eui64, message) : tunnel.deliver(message),
    };
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
        this.#members.input(event.eui64, { type: "seen" });
        return;
      case "associated":
        this.#members.input(event.eui64, { type: "associated", how: event.how });
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
        this.#members.left(event.eui64);
        return;
    }
  }

  /** After every start of the radio: tunnels are made anew, keys agree with the log, devices are looked for. */
  async #radioUp(): Promise<void> {
    const network = this.#radio.network;
    if (network !== undefined) this.#ports.emit({ type: "network", network });
    const devices = this.#roster.all();
    // Another network: nobody is on it yet.
    if (this.#extendedPanId !== undefined && this.#extendedPanId !== network?.extendedPanId)
      for (const device of devices) this.#members.lose(device);
    this.#extendedPanId = network?.extendedPanId;
    for (const device of devices)
      if (device.nodeId !== undefined) this.#members.locate(device, device.nodeId);
    await this.#trust.radioUp();
    for (const device of devices) if (device.nodeId === undefined) await this.#discovery.lookFor(device);
  }

  #joined(eui64: Eui64, nodeId: number, how: JoinHow): void {
    const device = this.#roster.named(eui64);
    if (device !== undefined) {
      this.#members.locate(device, nodeId);
      this.#members.joining.input(device, { type: "spoke", how });
      return;
    }
    this.#log.warn({ device: eui64 }, "a device that is not on the list joined; it is told to leave");
    this.#trust.expel(eui64, nodeId).catch(() => {});
  }

  #radioIsUp(): void {
    if (this.#radio.state !== "up")
      throw new HanwayError("radio/unavailable", "the link to the radio is down");
  }
}
