import type { Clock } from "../../base/clock.ts";
import type { ClockStateSource } from "../../base/clock-state.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import { KEY_ESTABLISHMENT_CLUSTER, KEY_ESTABLISHMENT_SUITE_ATTRIBUTE } from "../../cbke/commands.ts";
import { type KeyEstablishmentOutcome, mayRetry } from "../../cbke/exchange.ts";
import { terminateStatusName } from "../../cbke/terminate-status.ts";
import { READ_ATTRIBUTES } from "../../zcl/foundation.ts";
import { encodeGeneral } from "../../zcl/frame.ts";
import type { HanDevice } from "../device.ts";
import type { JoinRecords } from "../join/records.ts";
import type { JoinInput } from "../join/state.ts";
import { CHF_ENDPOINT } from "../radio/endpoints.ts";
import type { RadioPort } from "../radio/port.ts";
import type { Roster } from "../roster.ts";
import type { HanSender } from "../sender.ts";
import type { HubSecurity } from "./credentials.ts";
import { KeyEstablishmentServer, type KeyEstablishmentServerSettings } from "./key-establishment-server.ts";
import { LinkKeys } from "./link-keys.ts";
import { NetworkKeyRotation, type NetworkKeySettings } from "./network-key.ts";
import { PartnerKeyPolicy } from "./partner-keys.ts";
import { PROFILE_SMART_ENERGY } from "./policy.ts";

export interface TrustCentrePorts {
  readonly radio: RadioPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly records: JoinRecords;
  readonly roster: Roster;
  readonly sender: HanSender;
  readonly clockState: ClockStateSource;
  readonly security: ((radio: Eui64) => HubSecurity) | undefined;
  /** What a device's way into the network learns of its keys. */
  input(device: HanDevice, input: JoinInput): void;
}

export interface TrustCentreSettings {
  readonly networkKey: NetworkKeySettings;
  readonly keyEstablishment: KeyEstablishmentServerSettings;
}

/** The broadcast endpoint: whichever has the cluster. */
const EVERY_ENDPOINT = 0xff;

/** The keys of the network: link keys with the devices, those between devices, and the network key. */
export class TrustCentre {
  readonly networkKey: NetworkKeyRotation;
  readonly #ports: TrustCentrePorts;
  readonly #settings: TrustCentreSettings;
  readonly #linkKeys: LinkKeys;
  readonly #partnerKeys: PartnerKeyPolicy;
  #keyEstablishment: KeyEstablishmentServer | undefined;

  constructor(ports: TrustCentrePorts, settings: TrustCentreSettings) {
    const { radio, clock, log, records } = ports;
    this.#ports = ports;
    this.#linkKeys = new LinkKeys(radio.linkKeys, records, log);
    this.#partnerKeys = new PartnerKeyPolicy(radio.linkKeys, log);
    this.#settings = settings;
    this.networkKey = new NetworkKeyRotation(radio.networkKey, clock, log, settings.networkKey);
  }

  /** Undefined before {@link start}, and without certificates. */
  get keyEstablishment(): KeyEstablishmentServer | undefined {
    return this.#keyEstablishment;
  }

  /** Whether devices must establish a key; without, they go by their install code. */
  get required(): boolean {
    return this.#ports.security !== undefined;
  }

  /** The radio's address is known: the certificates are checked against it. Throws `config/invalid`. */
  start(radio: Eui64): void {
    const { security, clock, clockState, sender } = this.#ports;
    if (security === undefined || this.#keyEstablishment !== undefined) return;
    this.#keyEstablishment = new KeyEstablishmentServer(security(radio), this.#settings.keyEstablishment, {
      clock,
      send: (message) => sender.send(message),
      install: (device, key) => this.#install(device, key),
      started: (device) => this.#input(device, { type: "exchange-started" }),
      ended: (device, outcome) => this.#input(device, inputOf(outcome)),
      trustedTime: () => (clockState().state === "reliable" ? Math.floor(clock.now() / 1_000) : undefined),
    });
  }

  /** The radio is up: what it holds is brought to agree with the Device Log. */
  async radioUp(): Promise<void> {
    const devices = this.#ports.roster.all();
    if (this.required) this.#partnerKeys.renew(devices);
    await this.networkKey.resume();
    await this.#linkKeys.keepOnly(new Set(devices.map(({ spec }) => spec.eui64)));
    if (!this.required) return;
    for (const { spec } of devices) await this.#linkKeys.agree(spec.eui64);
  }

  /** Some device's state is another one. */
  changed(): void {
    if (this.required) this.#partnerKeys.update(this.#ports.roster.all());
  }

  forget(device: Eui64): void {
    this.#keyEstablishment?.forget(device);
  }

  /**
   * A key of former days is proven by a frame under it that the device acknowledges, or by one that it sends: it is
   * the link key again (A2.9).
   */
  async tryStartKey(device: HanDevice): Promise<void> {
    const { nodeId, spec, start } = device;
    if (nodeId === undefined || start?.keyIs !== "link-key") return;
    const { sender, log } = this.#ports;
    const outcome = await sender.send({
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
        { sequence: sender.sequence(), direction: "serverToClient" },
      ),
    });
    log.debug({ device: spec.eui64, outcome }, "former link key tried");
    if (outcome === "delivered") await this.startKeyUsed(device);
  }

  /** A frame under the key with which the device was admitted. */
  async startKeyUsed(device: HanDevice): Promise<void> {
    const { start, join, spec } = device;
    if (join.at !== "keying" || start?.keyIs !== "link-key") return;
    try {
      await this.#linkKeys.install(spec.eui64, start.key);
      this.#ports.input(device, { type: "established" });
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#ports.log.error({ device: spec.eui64, code: error.code }, `former link key: ${error.message}`);
    }
  }

  /** Tells a device to leave. What the radio refuses is only logged. Throws `radio/unavailable`. */
  async expel(eui64: Eui64, nodeId: number): Promise<void> {
    try {
      await this.#ports.radio.removeDevice(eui64, nodeId);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      this.#ports.log.warn({ device: eui64, code: error.code }, "device could not be told to leave");
      if (error.code === "radio/unavailable") throw error;
    }
  }

  async #install(device: Eui64, key: Uint8Array | undefined): Promise<void> {
    if (this.#ports.roster.named(device) === undefined)
      throw new HanwayError("radio/refused", "the device was taken off the list");
    // An engine that keeps the key in the radio's chip cannot tell it, and the Device Log needs it.
    if (key === undefined) throw new HanwayError("internal", "a link key that nobody knows");
    await this.#linkKeys.install(device, key);
  }

  #input(eui64: Eui64, input: JoinInput): void {
    const device = this.#ports.roster.named(eui64);
    if (device !== undefined) this.#ports.input(device, input);
  }
}

function inputOf(outcome: KeyEstablishmentOutcome): JoinInput {
  if (outcome.result === "established") return { type: "established" };
  const reason =
    outcome.result === "terminated"
      ? `key establishment ended by ${outcome.by === "us" ? "the hub" : "the device"}, ${terminateStatusName(outcome.status)}: ${outcome.reason}`
      : `key establishment: ${outcome.result} while waiting for ${outcome.phase}`;
  return { type: "exchange-failed", reason, mayRetry: mayRetry(outcome) };
}
