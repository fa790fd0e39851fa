import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { HanDevice } from "./device.ts";
import { Joining } from "./join/joining.ts";
import type { JoinRecords } from "./join/records.ts";
import type { JoinFailure, JoinInput, JoinSettings, JoinStep } from "./join/state.ts";
import type { HanEvent } from "./ports.ts";
import type { IncomingAps, RadioPort } from "./radio/port.ts";
import type { Roster } from "./roster.ts";
import type { TrustCentre } from "./security/trust-centre.ts";
import type { Tunnels } from "./tunnel/tunnels.ts";

export interface MembersPorts {
  readonly radio: RadioPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly records: JoinRecords;
  readonly roster: Roster;
  readonly trust: TrustCentre;
  readonly tunnels: Tunnels;
  emit(event: HanEvent): void;
}

/** What becomes of each device on the list: it comes in, speaks, is found elsewhere, and goes. */
export class Members {
  readonly joining: Joining;
  readonly #ports: MembersPorts;

  constructor(ports: MembersPorts, settings: JoinSettings) {
    const { radio, clock, trust, tunnels } = ports;
    this.#ports = ports;
    this.joining = new Joining(settings, {
      clock,
      radio,
      expel: (eui64, nodeId) => trust.expel(eui64, nodeId),
      step: (device, step) => this.#step(device, step),
      failed: (device, failure) => this.#failed(device, failure),
      cameIn: (device) => this.#cameIn(device),
      wentOut: (device) => tunnels.close(device),
      changed: () => trust.changed(),
    });
  }

  /** Something about the way in of a device; nothing where it is not on the list. */
  input(eui64: Eui64, input: JoinInput): void {
    const device = this.#ports.roster.named(eui64);
    if (device !== undefined) this.joining.input(device, input);
  }

  /** The device is at this address now: whatever was known of its tunnel is out of date. */
  locate(device: HanDevice, nodeId: number): void {
    const { roster, trust } = this.#ports;
    roster.locate(device, nodeId);
    const { at, keyed } = device.join;
    const known = at === "in" || (at === "out" && (keyed || !trust.required));
    if (known) device.tunnel?.input({ type: "here", nodeId });
  }

  /** Every frame of it, before it is judged. */
  heard(device: HanDevice, { lqi, rssi, security }: IncomingAps): void {
    const { clock, records, trust } = this.#ports;
    const at = clock.now();
    device.lqi = lqi;
    device.rssi = rssi;
    device.lastHeard = at;
    records.heard(device.spec.eui64, { lqi, rssi, at });
    trust.networkKey.awake(device);
    if (device.join.at === "out") this.joining.input(device, { type: "spoke", how: "resumed" });
    if (security !== "link-key") return;
    if (device.join.at === "keying") void trust.startKeyUsed(device);
    // It uses its new key: the install code has done its work.
    if (device.join.at === "in" && device.join.keyed && device.join.window) void this.#closeWindow(device);
  }

  left(eui64: Eui64): void {
    const { roster, log, emit } = this.#ports;
    const device = roster.named(eui64);
    if (device === undefined) return;
    this.lose(device);
    log.info({ device: eui64 }, "device left");
    emit({ type: "left", device: eui64 });
  }

  /** It is not on the network any more. */
  lose(device: HanDevice): void {
    this.#ports.roster.lose(device);
    this.joining.input(device, { type: "left" });
    this.#ports.tunnels.close(device);
  }

  #step(device: HanDevice, step: JoinStep): void {
    const { log, emit, trust } = this.#ports;
    const { eui64 } = device.spec;
    log.info({ device: eui64, step }, `join: ${step}`);
    emit({ type: "join-step", device: eui64, step });
    if (step === "link key") void trust.tryStartKey(device);
  }

  #failed({ spec }: HanDevice, failure: JoinFailure): void {
    const { log, emit } = this.#ports;
    const { step, cause, next } = failure;
    log.warn({ device: spec.eui64, step, next }, cause);
    emit({ type: "join-failed", device: spec.eui64, failure });
  }

  #cameIn({ spec, tunnel, nodeId }: HanDevice): void {
    const { log, emit } = this.#ports;
    log.info({ device: spec.eui64, type: spec.type }, "device joined");
    emit({ type: "joined", device: spec.eui64 });
    if (nodeId !== undefined && tunnel?.phase === "absent") tunnel.input({ type: "here", nodeId });
  }

  async #closeWindow(device: HanDevice): Promise<void> {
    try {
      await this.joining.close(device);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      const { code } = error;
      this.#ports.log.debug({ device: device.spec.eui64, code }, "the admission ends by itself");
    }
  }
}
