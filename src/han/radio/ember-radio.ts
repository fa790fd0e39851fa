import { randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64, eui64FromBytesLE } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { Addresses, DEVICE_ANNCE } from "./addresses.ts";
import { Admissions } from "./admission.ts";
import { leaseFrameCounters } from "./counter-lease.ts";
import { EzspDecisionId, EzspError, EzspPolicyId, SLStatus } from "./herdsman.ts";
import { Joins } from "./joins.ts";
import { afterKeySwitch, NetworkMemory } from "./network-record.ts";
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
import { type OpenedLink, RadioLink } from "./radio-link.ts";
import type { RadioSettings } from "./settings.ts";
import { SUPERVISOR_STOPPED, type SupervisorEffect, type SupervisorInput, supervise } from "./supervisor.ts";

const RECORD_FILE = "radio-network.json";
/** {@link RadioPort} on an EmberZNet coordinator: carries out what the supervisor decides. */
export class EmberRadio implements RadioPort {
  readonly #settings: RadioSettings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #memory: NetworkMemory;
  readonly #listeners = new Set<(event: RadioEvent) => void>();
  readonly #admissions: Admissions;
  readonly #addresses = new Addresses();
  readonly #joins = new Joins();
  readonly #closing = new Set<Promise<void>>();
  #supervisor = SUPERVISOR_STOPPED;
  #link: RadioLink | undefined;
  #state: RadioState = "stopped";
  #network: NetworkInfo | undefined;
  #capabilities: RadioCapabilities | undefined;
  #opened: OpenedLink | undefined;
  #failure: HanwayError | undefined;
  #starting: PromiseWithResolvers<NetworkInfo> | undefined;

  constructor(settings: RadioSettings, clock: Clock, random: Random, log: Log) {
    checkRadioPath(settings.path);
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#memory = new NetworkMemory(join(settings.dataFolder, RECORD_FILE));
    this.#admissions = new Admissions(settings, clock, random, log);
  }

  get state(): RadioState {
    return this.#state;
  }
  get network(): NetworkInfo | undefined {
    return this.#network;
  }
  get capabilities(): RadioCapabilities | undefined {
    return this.#capabilities;
  }

  async start(): Promise<NetworkInfo> {
    if (this.#starting !== undefined) return this.#starting.promise;
    this.#memory.load();
    const starting = Promise.withResolvers<NetworkInfo>();
    this.#starting = starting;
    this.#input({ type: "start" });
    return starting.promise;
  }

  /** Resolves when the port is closed. What is in flight resolves as `radio-lost`. */
  async stop(): Promise<void> {
    this.#input({ type: "stop" });
    this.#starting?.promise.catch(() => {});
    this.#starting?.reject(new HanwayError("radio/unavailable", "the radio was stopped"));
    this.#starting = undefined;
    await Promise.all(this.#closing);
  }

  async send(message: OutgoingAps): Promise<SendOutcome> {
    if (message.payload.length > MAX_ASDU)
      throw new HanwayError("encode/value", `at most ${MAX_ASDU} octets`, { field: "payload" });
    if (this.#state !== "up" || this.#link === undefined) return "radio-lost";
    return this.#link.send(message);
  }

  async broadcast(message: Omit<OutgoingAps, "nodeId" | "security">): Promise<void> {
    await this.#ask((link) => link.broadcast(message));
  }

  async reform(extendedPanId: Eui64): Promise<void> {
    const { record } = this.#memory;
    if (record === undefined || this.#starting === undefined)
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
    this.#input({ type: "lost", attempt: this.#supervisor.attempt, reason: "another network is formed" });
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
    await this.#asked(() => this.#admissions.admit(eui64, linkKey, seconds));
  }

  async dismiss(eui64: Eui64): Promise<void> {
    await this.#asked(() => this.#admissions.dismiss(eui64));
  }

  async closeJoining(): Promise<void> {
    await this.#asked(() => this.#admissions.close());
  }

  async setLinkKey(eui64: Eui64, key: Uint8Array): Promise<void> {
    if (key.length !== 16)
      throw new HanwayError("crypto/key", "a link key has 16 octets", { field: "linkKey" });
    const contents = Buffer.from(key);
    const status = await this.#ask(({ ezsp }) => ezsp.ezspImportLinkKey(0xff, `0x${eui64}`, { contents }));
    if (status === SLStatus.OK) return;
    const size = this.#capabilities?.keyTableSize ?? 0;
    throw new HanwayError(
      "radio/refused",
      `no room for the link key of ${eui64}: the radio's table has ${size} places (${SLStatus[status] ?? status}); unjoin a device, or use a stick whose firmware has more`,
      { field: "linkKey" },
    );
  }

  async removeLinkKey(eui64: Eui64): Promise<void> {
    await this.#ask(async ({ ezsp }) => {
      const index = await ezsp.ezspFindKeyTableEntry(`0x${eui64}`, true);
      if (index !== 0xff) await ezsp.ezspEraseKeyTableEntry(index);
    });
  }

  async keepLinkKeys(devices: ReadonlySet<Eui64>): Promise<void> {
    const places = this.#capabilities?.keyTableSize ?? 0;
    await this.#ask(async ({ ezsp }) => {
      for (let index = 0; index < places; index++) {
        const [status, { eui64 }] = await ezsp.ezspExportLinkKeyByIndex(index);
        if (status === SLStatus.OK && !devices.has(Eui64(eui64))) await ezsp.ezspEraseKeyTableEntry(index);
      }
    });
  }

  async hasLinkKey(eui64: Eui64, key: Uint8Array): Promise<boolean> {
    const [status, , found] = await this.#ask(({ ezsp }) => ezsp.ezspExportLinkKeyByEui(`0x${eui64}`));
    return (
      status === SLStatus.OK && found.contents.length === key.length && timingSafeEqual(found.contents, key)
    );
  }

  async allowPartnerKeys(allowed: boolean): Promise<void> {
    const decision = allowed ? EzspDecisionId.ALLOW_APP_KEY_REQUESTS : EzspDecisionId.DENY_APP_KEY_REQUESTS;
    const status = await this.#ask(({ ezsp }) =>
      ezsp.ezspSetPolicy(EzspPolicyId.APP_KEY_REQUEST_POLICY, decision),
    );
    check(status, "the policy for partner keys");
  }

  get networkKeyPending(): boolean {
    return this.#memory.record?.nextNetworkKey !== undefined;
  }

  async distributeNetworkKey(): Promise<void> {
    await this.#ask(async ({ ezsp }) => {
      const contents = Buffer.from(this.#pendingNetworkKey() ?? this.#freshNetworkKey());
      check(await ezsp.ezspBroadcastNextNetworkKey({ contents }), "the next network key");
    });
  }

  async sendNetworkKey(eui64: Eui64, nodeId: number): Promise<void> {
    const key = this.#pendingNetworkKey();
    if (key === undefined) return;
    const contents = Buffer.from(key);
    const status = await this.#ask(({ ezsp }) =>
      ezsp.ezspUnicastNwkKeyUpdate(nodeId, `0x${eui64}`, { contents }),
    );
    check(status, "the next network key");
  }

  async switchNetworkKey(): Promise<void> {
    if (!this.networkKeyPending) return;
    check(await this.#ask(({ ezsp }) => ezsp.ezspBroadcastNetworkKeySwitch()), "the switch of network keys");
    const { record } = this.#memory;
    if (record !== undefined) this.#memory.save(afterKeySwitch(record));
  }

  #pendingNetworkKey(): Uint8Array | undefined {
    return this.#memory.record?.nextNetworkKey;
  }

  /** Noted before anybody is given it: a hub that fails in between goes on with the same key. */
  #freshNetworkKey(): Uint8Array {
    const { record } = this.#memory;
    if (record === undefined) throw new HanwayError("radio/unavailable", "there is no network yet");
    const nextNetworkKey = new Uint8Array(randomBytes(16));
    this.#memory.save({ ...record, nextNetworkKey });
    return nextNetworkKey;
  }

  async removeDevice(eui64: Eui64, nodeId: number): Promise<void> {
    const status = await this.#ask(({ ezsp }) => ezsp.ezspRemoveDevice(nodeId, `0x${eui64}`, `0x${eui64}`));
    if (status !== SLStatus.OK)
      throw new HanwayError("radio/refused", `removing ${eui64}: ${SLStatus[status] ?? status}`);
  }

  async nodeIdOf(eui64: Eui64): Promise<number | undefined> {
    const known = this.#addresses.nodeOf(eui64);
    if (known !== undefined) return known;
    const found = await this.#ask((link) => link.nodeIdOf(eui64));
    if (found !== undefined) this.#addresses.learn(found, eui64);
    return found;
  }

  async eui64Of(nodeId: number): Promise<Eui64 | undefined> {
    const known = this.#addresses.deviceAt(nodeId);
    if (known !== undefined) return known;
    const [status, found] = await this.#ask(({ ezsp }) => ezsp.ezspLookupEui64ByNodeId(nodeId));
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

  /** A command for the coordinator. Throws `radio/unavailable` when the link is down or goes down meanwhile. */
  #ask<T>(command: (link: RadioLink) => Promise<T>): Promise<T> {
    const link = this.#link;
    if (this.#state !== "up" || link === undefined)
      return Promise.reject(new HanwayError("radio/unavailable", "the link to the radio is down"));
    return this.#asked(() => command(link));
  }

  async #asked<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await command();
    } catch (cause) {
      if (cause instanceof HanwayError) throw cause;
      const code = cause instanceof EzspError ? "radio/unavailable" : "internal";
      throw new HanwayError(code, "the command was not carried out", { cause });
    }
  }

  #input(input: SupervisorInput): void {
    const [state, effects] = supervise(
      this.#supervisor,
      input,
      this.#settings.supervisor,
      this.#random.fraction(),
    );
    this.#supervisor = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: SupervisorEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect(effect.attempt);
        return;
      case "dispose":
        this.#dispose();
        return;
      case "wait":
        this.#clock.after(effect.ms, () => this.#input({ type: "retry", attempt: effect.attempt }));
        return;
      case "announce":
        this.#announce(effect.state, effect.reason);
        return;
      case "give-up":
        this.#starting?.reject(this.#failure ?? new HanwayError("radio/timeout", effect.reason));
        this.#starting = undefined;
    }
  }

  #connect(attempt: number): void {
    const link = new RadioLink(
      this.#settings,
      this.#memory,
      {
        lost: (reason) => this.#input({ type: "lost", attempt, reason }),
        frame: (frame) => this.#frame(frame),
        trustCenterJoin: (...join) => this.#trustCenterJoin(...join),
        address: (nodeId, eui64) => this.#addresses.learn(nodeId, eui64),
        child: (nodeId, eui64) => {
          this.#addresses.learn(nodeId, eui64);
          this.#emit({ type: "seen", eui64 });
        },
      },
      this.#clock,
      this.#log,
    );
    this.#link = link;
    link.open().then(
      (network) => {
        this.#opened = network;
        this.#input({ type: "opened", attempt });
      },
      (error: HanwayError) => {
        const kind =
          error.code === "radio/port" ? "port" : error.code === "radio/timeout" ? "radio" : "fatal";
        this.#failure = error;
        this.#log.debug({}, `radio: attempt ${attempt}: ${error.message}`);
        this.#input({ type: "failed", attempt, kind, reason: error.message });
      },
    );
  }

  #dispose(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#admissions.detach();
    if (link === undefined) return;
    const closing = link.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #announce(state: RadioState, reason: string | undefined): void {
    this.#state = state;
    if (state === "up") this.#up();
    this.#log[state === "lost" ? "warn" : "info"]({ state, reason }, "radio");
    this.#emit(reason === undefined ? { type: "state", state } : { type: "state", state, reason });
    if (state === "up" && this.#network !== undefined) this.#starting?.resolve(this.#network);
  }

  #up(): void {
    const link = this.#link;
    const opened = this.#opened;
    if (link === undefined || opened === undefined) return;
    const { eui64, extendedPanId, panId, channel } = opened.record;
    this.#network = { eui64, extendedPanId, panId, channel, formed: opened.formed };
    this.#admissions.attach(link);
    this.#capabilities = opened.capabilities;
    this.#log.info({ ...opened.capabilities }, "radio: what the firmware can do");
    leaseFrameCounters(
      link.ezsp,
      () => (this.#link === link ? this.#memory.record : undefined),
      (record) => this.#memory.save(record),
      this.#clock,
      this.#log,
    );
  }

  #frame(frame: IncomingAps): void {
    if (frame.profile === 0 && frame.cluster === DEVICE_ANNCE && frame.payload.length >= 11) {
      const [, low = 0, high = 0] = frame.payload;
      this.#addresses.learn(low | (high << 8), eui64FromBytesLE(frame.payload, 3));
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

function check(status: SLStatus, what: string): void {
  if (status === SLStatus.OK) return;
  throw new HanwayError("radio/refused", `${what} was refused with ${SLStatus[status] ?? status}`);
}
