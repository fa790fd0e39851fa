import type { Clock } from "../base/clock.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { Deliver } from "../base/routing.ts";
import { installCodeKey } from "../cbke/install-code.ts";
import { TUNNELLING_CLUSTER } from "../zcl/tunnelling.ts";
import { type DeviceSpec, type DeviceView, type HanDevice, TUNNEL_SERVERS, viewOf } from "./device.ts";
import { Dispatch } from "./dispatch.ts";
import { JoinProof } from "./join/proof.ts";
import type { NetworkInfo, RadioEvent, RadioPort } from "./radio/port.ts";
import { PROFILE_SMART_ENERGY, PROFILE_ZDO } from "./security/policy.ts";
import { TUNNEL_SETTINGS, TunnelClient } from "./tunnel/client.ts";
import { encodeMatchServerRequest, encodeNwkAddressRequest, ZDO } from "./zdo.ts";

export type HanEvent =
  | { type: "network"; network: NetworkInfo }
  | { type: "radio-lost"; reason: string }
  | { type: "joined"; device: Eui64 }
  | { type: "left"; device: Eui64 }
  | { type: "tunnel-open"; device: Eui64; tunnelId: number; maxTransfer: number }
  | { type: "tunnel-lost"; device: Eui64 }
  /** A message out of a device's tunnel, bytes as they came. */
  | { type: "message"; device: Eui64; payload: Uint8Array };

/** The Home Area Network: the devices that may speak, their joining, and a tunnel to each that has a server. */
export class HomeAreaNetwork {
  readonly #radio: RadioPort;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #emit: (event: HanEvent) => void;
  readonly #devices = new Map<Eui64, HanDevice>();
  readonly #byNode = new Map<number, HanDevice>();
  readonly #dispatch: Dispatch;
  readonly #proof: JoinProof;
  #sequence = 0;

  constructor(
    ports: { radio: RadioPort; clock: Clock; log: Log; emit: (event: HanEvent) => void },
    devices: readonly DeviceSpec[],
  ) {
    this.#radio = ports.radio;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#emit = ports.emit;
    this.#proof = new JoinProof(ports.clock, ports.log);
    this.#dispatch = new Dispatch({
      radio: this.#radio,
      log: this.#log,
      deviceOf: (nodeId) => this.#byNode.get(nodeId),
      deviceNamed: (eui64) => this.#devices.get(eui64),
      heard: (device, frame) => this.#heard(device, frame.lqi, frame.rssi),
      found: (device, nodeId) => {
        if (!device.keying) this.#here(device, nodeId);
      },
    });
    for (const spec of devices) this.#devices.set(spec.eui64, this.#makeDevice(spec));
    this.#radio.on((event) => this.#onRadio(event));
  }

  /** Brings the network up and opens it for the devices that have an install code, for `joinSeconds`. */
  async start(joinSeconds: number): Promise<NetworkInfo> {
    const network = await this.#radio.start();
    if (joinSeconds > 0) {
      for (const { spec } of this.#devices.values()) {
        if (spec.installCode === undefined) continue;
        await this.#radio.admit(spec.eui64, installCodeKey(spec.installCode), joinSeconds);
        this.#log.info({ device: spec.eui64, type: spec.type, seconds: joinSeconds }, "join window open");
      }
    }
    return network;
  }

  async stop(): Promise<void> {
    for (const device of this.#devices.values()) device.tunnel?.stop();
    this.#proof.stop();
    await this.#radio.stop();
  }

  views(): DeviceView[] {
    return [...this.#devices.values()].map(viewOf);
  }

  /** The way to a device's tunnel, for the router; undefined for a device not on the list or without a tunnel. */
  way(eui64: Eui64): Deliver | undefined {
    const tunnel = this.#devices.get(eui64)?.tunnel;
    return tunnel === undefined ? undefined : { deliver: (_device, message) => tunnel.deliver(message) };
  }

  #makeDevice(spec: DeviceSpec): HanDevice {
    const tunnel = TUNNEL_SERVERS.has(spec.type) ? this.#makeTunnel(spec) : undefined;
    return {
      spec,
      tunnel,
      nodeId: undefined,
      proven: false,
      keying: false,
      lqi: undefined,
      rssi: undefined,
      lastHeard: undefined,
    };
  }

  #makeTunnel(spec: DeviceSpec): TunnelClient {
    const device = spec.eui64;
    return new TunnelClient(
      device,
      { ...TUNNEL_SETTINGS, transferSize: spec.transferSize },
      {
        clock: this.#clock,
        air: {
          send: (message) => this.#radio.send(message),
          zclSequence: () => this.#nextSequence(),
          findServer: (nodeId) => this.#findServer(nodeId),
        },
        events: {
          opened: (tunnelId, maxTransfer) => {
            this.#log.info({ device, tunnelId, maxTransfer }, "tunnel open");
            this.#emit({ type: "tunnel-open", device, tunnelId, maxTransfer });
          },
          lost: () => {
            this.#log.warn({ device }, "tunnel lost; a new one is requested");
            this.#emit({ type: "tunnel-lost", device });
          },
          refused: (status) => this.#log.warn({ device, status }, "device refused the tunnel; trying again"),
          overflow: () => this.#log.warn({ device }, "device could not take a message of that size"),
          message: (payload) => this.#emit({ type: "message", device, payload }),
        },
      },
    );
  }

  #nextSequence(): number {
    this.#sequence = (this.#sequence + 1) & 0xff;
    return this.#sequence;
  }

  #findServer(nodeId: number): void {
    const payload = encodeMatchServerRequest(
      this.#nextSequence(),
      nodeId,
      PROFILE_SMART_ENERGY,
      TUNNELLING_CLUSTER,
    );
    void this.#sendZdo(nodeId, ZDO.matchDescriptorRequest, payload);
  }

  #sendZdo(nodeId: number, cluster: number, payload: Uint8Array) {
    return this.#radio.send({
      nodeId,
      profile: PROFILE_ZDO,
      cluster,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      security: "network",
      payload,
    });
  }

  #onRadio(event: RadioEvent): void {
    switch (event.type) {
      case "state":
        if (event.state === "up") this.#radioUp();
        else if (event.state === "lost") {
          this.#log.warn({ reason: event.reason }, "radio lost; a new link is being made");
          this.#emit({ type: "radio-lost", reason: event.reason ?? "unknown" });
        }
        return;
      case "frame":
        this.#dispatch.frame(event.frame);
        return;
      case "associated":
        if (this.#devices.has(event.eui64)) this.#proof.expect(event.eui64);
        return;
      case "joined":
        void this.#joined(event.eui64, event.nodeId);
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

  /** After every start of the radio: tunnels are made anew, and devices whose address is not known are looked for. */
  #radioUp(): void {
    const network = this.#radio.network;
    if (network !== undefined) this.#emit({ type: "network", network });
    for (const device of this.#devices.values()) {
      if (device.nodeId !== undefined) device.tunnel?.input({ type: "here", nodeId: device.nodeId });
      else void this.#lookFor(device);
    }
  }

  async #lookFor(device: HanDevice): Promise<void> {
    const nodeId = await this.#radio.nodeIdOf(device.spec.eui64);
    if (device.nodeId !== undefined) return;
    if (nodeId !== undefined) return this.#here(device, nodeId);
    if (this.#radio.network?.formed === true) return;
    await this.#radio.broadcast({
      profile: PROFILE_ZDO,
      cluster: ZDO.nwkAddressRequest,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      payload: encodeNwkAddressRequest(this.#nextSequence(), device.spec.eui64),
    });
  }

  async #joined(eui64: Eui64, nodeId: number): Promise<void> {
    const device = this.#devices.get(eui64);
    if (device === undefined) {
      this.#log.warn({ device: eui64 }, "a device that is not on the list joined; it is told to leave");
      await this.#radio.removeDevice(eui64, nodeId);
      return;
    }
    device.proven = false;
    device.keying = true;
    try {
      // Into the key table: the transient entry that let it join times out.
      if (device.spec.installCode !== undefined) {
        await this.#radio.setLinkKey(eui64, installCodeKey(device.spec.installCode));
      }
    } finally {
      device.keying = false;
    }
    this.#here(device, nodeId);
  }

  /** The device is at this address now: whatever was known of its tunnel is out of date. */
  #here(device: HanDevice, nodeId: number): void {
    if (device.nodeId !== undefined) this.#byNode.delete(device.nodeId);
    device.nodeId = nodeId;
    this.#byNode.set(nodeId, device);
    device.tunnel?.input({ type: "here", nodeId });
  }

  #heard(device: HanDevice, lqi: number, rssi: number): void {
    device.lqi = lqi;
    device.rssi = rssi;
    device.lastHeard = this.#clock.now();
    if (device.proven) return;
    device.proven = true;
    this.#proof.given(device.spec.eui64);
    this.#log.info({ device: device.spec.eui64, type: device.spec.type }, "device joined");
    this.#emit({ type: "joined", device: device.spec.eui64 });
  }

  #left(eui64: Eui64): void {
    const device = this.#devices.get(eui64);
    if (device === undefined) return;
    if (device.nodeId !== undefined) this.#byNode.delete(device.nodeId);
    device.nodeId = undefined;
    device.proven = false;
    device.tunnel?.input({ type: "gone" });
    this.#log.info({ device: eui64 }, "device left");
    this.#emit({ type: "left", device: eui64 });
  }
}
