import { randomBytes } from "node:crypto";
import { equalBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import {
  EmberInitialSecurityBitmask,
  type Ezsp,
  EzspConfigId,
  EzspDecisionId,
  EzspPolicyId,
  SLStatus,
} from "./herdsman.ts";
import { afterKeySwitch, type NetworkMemory, type NetworkRecord } from "./network-record.ts";
import { quietestChannel } from "./quiet-channel.ts";
import type { RadioSettings } from "./settings.ts";
import { POLICY_CLOSED } from "./trust-centre-policy.ts";

/** What the driver sets for home automation and what Smart Energy needs in its place. */
const START_POLICIES: ReadonlyMap<number, number> = new Map<number, number>([
  [EzspPolicyId.TRUST_CENTER_POLICY, POLICY_CLOSED],
  // Link keys with the Trust Centre come from key establishment only.
  [EzspPolicyId.TC_KEY_REQUEST_POLICY, EzspDecisionId.DENY_TC_KEY_REQUESTS],
  // Partner link keys are asked of the Trust Centre.
  [EzspPolicyId.APP_KEY_REQUEST_POLICY, EzspDecisionId.ALLOW_APP_KEY_REQUESTS],
]);

const COORDINATOR = 1;

/** The network that the driver's adapter is told to have; it compares the coordinator's with it. */
interface AdapterNetwork {
  panID: number;
  extendedPanID: number[];
  channelList: number[];
  networkKey: number[];
}

/** Resumes or forms the hub's own network while the driver starts, by overrides on its EZSP commands. */
export class Formation {
  readonly network: AdapterNetwork;
  readonly #settings: RadioSettings;
  readonly #memory: NetworkMemory;
  readonly #log: Log;
  #record: NetworkRecord | undefined;
  #over = false;

  constructor(settings: RadioSettings, memory: NetworkMemory, log: Log) {
    const { record } = memory;
    this.#settings = settings;
    this.#memory = memory;
    this.#log = log;
    this.#record = record;
    this.network = {
      panID: record?.panId ?? 1 + (randomBytes(2).readUInt16LE() % 0xfffd),
      extendedPanID: [],
      channelList: [record?.channel ?? settings.channels[0] ?? 11],
      networkKey: [...(record?.networkKey ?? randomBytes(16))],
    };
  }

  /** The driver has started: from now on its commands are carried out as they are. */
  get over(): boolean {
    return this.#over;
  }

  end(): void {
    this.#over = true;
  }

  /** The network's record with the parameters it has in fact; noted where these are others. */
  settle({ panID, channel }: { panID: number; channel: number }): NetworkRecord {
    if (this.#record === undefined) throw new HanwayError("internal", "network without a record");
    const record = { ...this.#record, panId: panID, channel };
    if (record.panId !== this.#record.panId || record.channel !== this.#record.channel)
      this.#memory.save(record);
    return record;
  }

  override(ezsp: Ezsp): void {
    this.#overridePolicies(ezsp);
    this.#overrideSecurity(ezsp);
    this.#overrideNetwork(ezsp);
  }

  #overridePolicies(ezsp: Ezsp): void {
    const setPolicy = ezsp.ezspSetPolicy.bind(ezsp);
    ezsp.ezspSetPolicy = (id, decision) =>
      setPolicy(id, this.#over ? decision : (START_POLICIES.get(id) ?? decision));

    const setConfiguration = ezsp.ezspSetConfigurationValue.bind(ezsp);
    ezsp.ezspSetConfigurationValue = (id, value) =>
      setConfiguration(
        id,
        id === EzspConfigId.TRANSIENT_KEY_TIMEOUT_S ? this.#settings.transientKeySeconds : value,
      );
  }

  #overrideSecurity(ezsp: Ezsp): void {
    const setSecurity = ezsp.ezspSetInitialSecurityState.bind(ezsp);
    ezsp.ezspSetInitialSecurityState = async (state) => {
      let bitmask = this.#settings.securityBitmask;
      const counter = this.#record?.frameCounter ?? 0;
      if (counter > 0) {
        // The network is formed again: devices would refuse frames below the counter they know.
        await ezsp.ezspSetNWKFrameCounter(counter);
        await ezsp.ezspSetAPSFrameCounter(this.#record?.apsFrameCounter ?? 0);
        bitmask |= EmberInitialSecurityBitmask.NO_FRAME_COUNTER_RESET;
      }
      return setSecurity({ ...state, bitmask, networkKeySequenceNumber: this.#record?.keySequence ?? 0 });
    };

    const exportKey = ezsp.ezspExportKey.bind(ezsp);
    ezsp.ezspExportKey = async (context) => {
      const [status, found] = await exportKey(context);
      const record = this.#record;
      const switched =
        !this.#over &&
        record?.nextNetworkKey !== undefined &&
        equalBytes(found.contents, record.nextNetworkKey);
      if (!switched) return [status, found];
      // The power failed between the switch and its note. The adapter compares with the key that it was given.
      this.#record = afterKeySwitch(record);
      this.#memory.save(this.#record);
      return [status, { contents: Buffer.from(record.networkKey) }];
    };
  }

  #overrideNetwork(ezsp: Ezsp): void {
    const networkInit = ezsp.ezspNetworkInit.bind(ezsp);
    ezsp.ezspNetworkInit = async (options) => {
      const own = Eui64(await ezsp.ezspGetEui64());
      this.#bind(own);
      const status = await networkInit(options);
      if (this.#record === undefined) await this.#found(ezsp, own, status === SLStatus.OK);
      return status;
    };

    const getParameters = ezsp.ezspGetNetworkParameters.bind(ezsp);
    ezsp.ezspGetNetworkParameters = async () => {
      const answer = await getParameters();
      const [status, type, parameters] = answer;
      // The stack moves its PAN id after a conflict; the adapter would take that for another network and leave it.
      const same = this.network.extendedPanID.every((octet, i) => octet === parameters.extendedPanId[i]);
      if (status === SLStatus.OK && type === COORDINATOR && same) this.network.panID = parameters.panId;
      return answer;
    };
  }

  /** The hub's identity is its radio's: a record never goes to another radio. */
  #bind(own: Eui64): void {
    if (this.#record !== undefined && this.#record.eui64 !== own) {
      throw new HanwayError(
        "radio/refused",
        `this is radio ${own}, but the data folder belongs to radio ${this.#record.eui64}; plug that one in, or use an empty data folder to begin as a new hub`,
        { field: "radio.path" },
      );
    }
    const extended = this.#record?.extendedPanId ?? this.#settings.extendedPanId ?? own;
    this.network.extendedPanID = [...eui64ToBytesLE(extended)];
  }

  /** Chooses what a new network still lacks and stores it all before anything is formed. */
  async #found(ezsp: Ezsp, own: Eui64, foreign: boolean): Promise<void> {
    if (foreign)
      this.#log.warn({}, "the radio held a network that is not in this data folder; a new one is formed");
    if (this.#settings.quietChannel && !foreign) {
      const channel = await quietestChannel(ezsp, this.#settings.channels, this.#log);
      if (channel !== undefined) this.network.channelList = [channel];
    }
    this.#record = {
      eui64: own,
      extendedPanId: eui64FromBytesLE(Uint8Array.from(this.network.extendedPanID)),
      panId: this.network.panID,
      channel: this.network.channelList[0] ?? 11,
      networkKey: Uint8Array.from(this.network.networkKey),
      keySequence: 0,
      frameCounter: 0,
      apsFrameCounter: 0,
    };
    this.#memory.save(this.#record);
  }
}
