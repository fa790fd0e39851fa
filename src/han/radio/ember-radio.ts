import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { PROFILE_ZDO } from "../security/policy.ts";
import { DEVICE_ANNOUNCE_OCTETS, decodeDeviceAnnounce, ZDO } from "../zdo.ts";
import { Addresses } from "./addresses.ts";
import { Admissions } from "./admission.ts";
import { leaseFrameCounters } from "./counter-lease.ts";
import { asked, requireOk } from "./ezsp-status.ts";
import { SLStatus } from "./herdsman.ts";
import { Joins } from "./joins.ts";
import { KeyTable } from "./key-table.ts";
import { NetworkMemory } from "./network-record.ts";
import { NextNetworkKey } from "./next-network-key.ts";
import {
  type IncomingAps,
  MAX_ASDU,
  type NetworkInfo,
  type OutgoingAps,
  type RadioCapabilities,
  type RadioEvent,
  type RadioPort,
  type RadioState,
  type SendOutcome,
} from "./port.ts";
import { checkRadioPath } from "./port-guard.ts";
import type { OpenedLink, RadioLink } from "./radio-link.ts";
import type { RadioSettings } from "./settings.ts";
import { SupervisedLink } from "./supervised-link.ts";

const RECORD_FILE = "radio-network.json";

/** {@link RadioPort} on an EmberZNet coordinator. */
export class EmberRadio implements RadioPort {
  readonly linkKeys: KeyTable;
  readonly networkKey: NextNetworkKey;
  readonly #settings: RadioSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #memory: NetworkMemory;
  readonly #link: SupervisedLink;
  readonly #listeners = new Set<(event: RadioEvent) => void>();
  readonly #admissions: Admissions;
  readonly #addresses = new Addresses();
  readonly #joins = new Joins();
  #network: NetworkInfo | undefined;
  #capabilities: RadioCapabilities | undefined;

  constructor(settings: RadioSettings, clock: Clock, random: Random, log: Log) {
    checkRadioPath(settings.path);
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#memory = new NetworkMemory(join(settings.dataFolder, RECORD_FILE));
    this.#admissions = new Admissions(settings, clock, random, log);
    const address = (nodeId: number, eui64: Eui64) => this.#addresses.learn(nodeId, eui64);
    this.#link = new SupervisedLink(
      settings,
      this.#memory,
      {
        up: (link, opened) => this.#up(link, opened),
        down: () => this.#admissions.detach(),
        state: (state, reason) =>
          this.#emit(reason === undefined ? { type: "state", state } : { type: "state", state, reason }),
        frame: (frame) => this.#frame(frame),
        trustCenterJoin: (...report) => this.#trustCenterJoin(...report),
        address,
        child: (nodeId, eui64) => {
          address(nodeId, eui64);
          this.#emit({ type: "seen", eui64 });
        },
      },
      clock,
      random,
      log,
    );
    this.linkKeys = new KeyTable(this.#link, () => this.#capabilities?.keyTableSize ?? 0);
    this.networkKey = new NextNetworkKey(this.#link, this.#memory);
  }

  get state(): RadioState {
    return this.#link.state;
  }
  get network(): NetworkInfo | undefined {
    return this.#network;
  }
  get capabilities(): RadioCapabilities | undefined {
    return this.#capabilities;
  }

  async start(): Promise<NetworkInfo> {
    return networkInfo(await this.#link.start());
  }

  /** Resolves when the port is closed. What is in flight resolves as `radio-lost`. */
  async stop(): Promise<void> {
    await this.#link.stop();
  }

  async send(message: OutgoingAps): Promise<SendOutcome> {
    if (message.payload.length > MAX_ASDU)
      throw new HanwayError("encode/value", `at most ${MAX_ASDU} octets`, { field: "payload" });
    return this.#link.present?.send(message) ?? "radio-lost";
  }

  async broadcast(message: Omit<OutgoingAps, "nodeId" | "security">): Promise<void> {
    await this.#link.ask((link) => link.broadcast(message));
  }

  async reform(extendedPanId: Eui64): Promise<void> {
    const { record } = this.#memory;
    if (record === undefined || this.state === "stopped")
      throw new HanwayError("radio/unavailable", "there is no network yet");
    if (record.extendedPanId !== extendedPanId)
      this.#memory.save({
        ...record,
        extendedPanId,
        networkKey: new Uint8Array(randomBytes(16)),
        keySequence: 0,
        nextNetworkKey: undefined,
      });
    if (this.#network?.extendedPanId === extendedPanId) return;
    const formed = this.#whenUp();
    this.#addresses.clear();
    this.#link.renew("another network is formed");
    await formed;
  }

  /** The next time that the network is up. Rejects when the radio is stopped or does not come back. */
  #whenUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (why: string) => reject(new HanwayError("radio/timeout", why));
      const timer = this.#clock.after(this.#settings.startTimeoutMs, () => {
        off();
        give("the radio did not come back");
      });
      const off = this.on((event) => {
        if (event.type !== "state" || (event.state !== "up" && event.state !== "stopped")) return;
        off();
        timer.cancel();
        if (event.state === "up") resolve();
        else give("the radio was stopped");
      });
    });
  }

  async admit(eui64: Eui64, linkKey: Uint8Array, seconds: number): Promise<void> {
    await asked(() => this.#admissions.admit(eui64, linkKey, seconds));
  }

  async dismiss(eui64: Eui64): Promise<void> {
    await asked(() => this.#admissions.dismiss(eui64));
  }

  async removeDevice(eui64: Eui64, nodeId: number): Promise<void> {
    const status = await this.#link.ask(({ ezsp }) =>
      ezsp.ezspRemoveDevice(nodeId, `0x${eui64}`, `0x${eui64}`),
    );
    requireOk(status, `removing ${eui64}`);
  }

  async nodeIdOf(eui64: Eui64): Promise<number | undefined> {
    const known = this.#addresses.nodeOf(eui64);
    if (known !== undefined) return known;
    const found = await this.#link.ask((link) => link.nodeIdOf(eui64));
    if (found !== undefined) this.#addresses.learn(found, eui64);
    return found;
  }

  async eui64Of(nodeId: number): Promise<Eui64 | undefined> {
    const known = this.#addresses.deviceAt(nodeId);
    if (known !== undefined) return known;
    const [status, found] = await this.#link.ask(({ ezsp }) => ezsp.ezspLookupEui64ByNodeId(nodeId));
    if (status !== SLStatus.OK) return undefined;
    this.#addresses.learn(nodeId, Eui64(found));
    return Eui64(found);
  }

  on(listener: (event: RadioEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #emit(event: RadioEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // The radio's life must not depend on who listens.
        const what = error instanceof Error ? error.message : "failed";
        this.#log.warn({}, `radio: a listener of "${event.type}" failed: ${what}`);
      }
    }
  }

  #up(link: RadioLink, opened: OpenedLink): void {
    this.#network = networkInfo(opened);
    this.#capabilities = opened.capabilities;
    this.#admissions.attach(link);
    this.#log.info({ ...opened.capabilities }, "radio: what the firmware can do");
    leaseFrameCounters(
      link.ezsp,
      () => (this.#link.present === link ? this.#memory.record : undefined),
      (record) => this.#memory.save(record),
      this.#clock,
      this.#log,
    );
  }

  /** A whole message from the air. Its event is the last to go out: whoever takes it finds the sender's address known. */
  #frame(frame: IncomingAps): void {
    const { profile, cluster, payload } = frame;
    if (
      profile === PROFILE_ZDO &&
      cluster === ZDO.deviceAnnounce &&
      payload.length >= DEVICE_ANNOUNCE_OCTETS
    ) {
      const { nodeId, eui64 } = decodeDeviceAnnounce(payload.subarray(0, DEVICE_ANNOUNCE_OCTETS));
      this.#addresses.learn(nodeId, eui64);
    }
    const joined = this.#joins.heard(frame.nodeId);
    if (joined !== undefined) this.#emit(joined);
    this.#emit({ type: "frame", frame });
  }

  #trustCenterJoin(nodeId: number, eui64: Eui64, update: number, decision: number): void {
    const event = this.#joins.report(nodeId, eui64, update, decision);
    if (event.type === "left") this.#addresses.forget(eui64);
    else if (event.type !== "refused") this.#addresses.learn(nodeId, eui64);
    else this.#log.info({}, `radio: ${eui64} was refused, it is not admitted`);
    this.#emit(event);
  }
}

function networkInfo({ record, formed }: OpenedLink): NetworkInfo {
  const { eui64, extendedPanId, panId, channel } = record;
  return { eui64, extendedPanId, panId, channel, formed };
}
