import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { equalBytes } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { Eui64, eui64FromBytesLE, eui64ToBytesLE } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import { abortCommands, abortEvents, driveAshTimer, readPastEnd, tameDriver } from "./driver-quirks.ts";
import { HUB_ENDPOINTS } from "./endpoints.ts";
import {
  EmberAdapter,
  type EmberApsFrame,
  EmberInitialSecurityBitmask,
  type EmberRxPacketInfo,
  type Ezsp,
  EzspConfigId,
  EzspDecisionBitmask,
  EzspDecisionId,
  EzspPolicyId,
  SLStatus,
  useDriverLog,
  useEndpoints,
} from "./herdsman.ts";
import { afterKeySwitch, type NetworkMemory, type NetworkRecord } from "./network-record.ts";
import { guardPort } from "./port-guard.ts";
import { quietestChannel } from "./quiet-channel.ts";
import type { RadioSettings } from "./settings.ts";

/** What one driver reports, until it is closed. */
export interface DriverEvents {
  /** Once, whatever the number of signs. */
  lost(reason: string): void;
  incoming(type: number, aps: EmberApsFrame, info: EmberRxPacketInfo, payload: Uint8Array): void;
  sent(tag: number, sequence: number, delivered: boolean): void;
  trustCenterJoin(nodeId: number, eui64: Eui64, status: number, decision: number): void;
  /** A pair of addresses was seen. */
  address(nodeId: number, eui64: Eui64): void;
  /** A device became a child of the coordinator. */
  child(nodeId: number, eui64: Eui64): void;
}

export interface DriverNetwork {
  record: NetworkRecord;
  formed: boolean;
}

/** No device joins; those that are known come back, also under their link key with the Trust Centre. */
export const POLICY_CLOSED = EzspDecisionBitmask.ALLOW_UNSECURED_REJOINS;
/** Joins only with a key that was given for exactly that device (0x13). */
export const POLICY_INSTALL_CODES =
  EzspDecisionBitmask.ALLOW_JOINS |
  EzspDecisionBitmask.ALLOW_UNSECURED_REJOINS |
  EzspDecisionBitmask.JOINS_USE_INSTALL_CODE_KEY;

/** What the driver sets for home automation and what Smart Energy needs in its place. */
const START_POLICIES: ReadonlyMap<number, number> = new Map<number, number>([
  [EzspPolicyId.TRUST_CENTER_POLICY, POLICY_CLOSED],
  // Link keys with the Trust Centre come from key establishment only.
  [EzspPolicyId.TC_KEY_REQUEST_POLICY, EzspDecisionId.DENY_TC_KEY_REQUESTS],
  // Partner link keys are asked of the Trust Centre.
  [EzspPolicyId.APP_KEY_REQUEST_POLICY, EzspDecisionId.ALLOW_APP_KEY_REQUESTS],
]);

const COORDINATOR = 1;

/**
 * One life of zigbee-herdsman's EmberZNet adapter, made fit for Smart Energy by overrides on the instance.
 * One-shot: after `lost` or `close` a new one is made. Never calls the adapter's own permitJoin, which would
 * admit everybody under a well-known key.
 */
export class Driver {
  readonly ezsp: Ezsp;
  readonly #adapter: EmberAdapter;
  readonly #settings: RadioSettings;
  readonly #log: Log;
  readonly #events: DriverEvents;
  readonly #network: { panID: number; extendedPanID: number[]; channelList: number[]; networkKey: number[] };
  #record: NetworkRecord | undefined;
  readonly #memory: NetworkMemory;
  readonly #stopTimer: () => void;
  #version = 0;
  #starting = true;
  #closed = false;
  #lost = false;

  constructor(settings: RadioSettings, memory: NetworkMemory, events: DriverEvents, log: Log) {
    useDriverLog(log, settings.verbose);
    useEndpoints(HUB_ENDPOINTS);
    this.#settings = settings;
    const { record } = memory;
    this.#memory = memory;
    this.#record = record;
    this.#events = events;
    this.#log = log;
    this.#network = {
      panID: record?.panId ?? 1 + (randomBytes(2).readUInt16LE() % 0xfffd),
      extendedPanID: [],
      channelList: [record?.channel ?? settings.channels[0] ?? 11],
      networkKey: [...(record?.networkKey ?? randomBytes(16))],
    };
    this.#adapter = new EmberAdapter(
      this.#network,
      { path: settings.path, adapter: "ember", baudRate: settings.baudRate, rtscts: settings.rtscts },
      // The adapter's own backup holds keys in clear and is not used; no file is ever at this place.
      join(settings.dataFolder, "no-driver-backup", "none.json"),
      { disableLED: false },
    );
    // Private in the typings, and the only way to per-device keys and APS security.
    this.ezsp = this.#adapter["ezsp"];
    this.#adapter.on("disconnected", () => this.#lose("the link to the radio was lost"));
    this.#stopTimer = driveAshTimer(this.ezsp, memory.resetMs, () => this.#adapter.transport.isOpen, {
      connected: (resetMs) => {
        memory.resetMs = resetMs;
      },
      dead: () => this.#lose("the radio stopped answering"),
    });
    this.#overrideStart();
    this.#overrideEvents();
    tameDriver(this.ezsp, () => this.#closed, log);
  }

  get ezspVersion(): number {
    return this.#version;
  }

  get closed(): boolean {
    return this.#closed || this.#lost;
  }

  /** Opens the port, sets the firmware up, resumes or forms the network. Throws HanwayError or the driver's error. */
  async start(): Promise<DriverNetwork> {
    const port = guardPort(this.#adapter.transport, this.#settings, () => this.#closed);
    let result: string;
    try {
      result = await this.#adapter.start();
    } catch (error) {
      const refused = port.error();
      throw refused ?? error;
    }
    this.#starting = false;
    const { meta } = await this.#adapter.getCoordinatorVersion();
    this.#version = Number(meta.ezsp);
    const parameters = await this.#adapter.getNetworkParameters();
    if (this.#record === undefined) throw new HanwayError("internal", "network without a record");
    const record = { ...this.#record, panId: parameters.panID, channel: parameters.channel };
    if (record.panId !== this.#record.panId || record.channel !== this.#record.channel)
      this.#memory.save(record);
    return { record, formed: result !== "resumed" };
  }

  /** Firmware version as the stick reports it, for people. */
  async firmware(): Promise<string> {
    const { meta } = await this.#adapter.getCoordinatorVersion();
    return `EmberZNet ${meta.revision} build ${meta.build}`;
  }

  /** Closes the port and cuts off every timer, waiter and retry which the adapter would leave behind. Never throws. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopTimer();
    abortCommands(this.ezsp);
    abortEvents(this.#adapter["oneWaitress"]["eventWaiters"].values());
    try {
      await this.#adapter.stop();
    } catch (error) {
      this.#log.debug({}, `closing the radio port: ${error instanceof Error ? error.message : "failed"}`);
    }
    this.#adapter.removeAllListeners();
  }

  #lose(reason: string): void {
    if (this.#lost || this.#closed) return;
    this.#lost = true;
    this.#events.lost(reason);
  }

  #overrideStart(): void {
    const { ezsp } = this;
    const setPolicy = ezsp.ezspSetPolicy.bind(ezsp);
    ezsp.ezspSetPolicy = (id, decision) =>
      setPolicy(id, this.#starting ? (START_POLICIES.get(id) ?? decision) : decision);

    const setConfiguration = ezsp.ezspSetConfigurationValue.bind(ezsp);
    ezsp.ezspSetConfigurationValue = (id, value) =>
      setConfiguration(
        id,
        id === EzspConfigId.TRANSIENT_KEY_TIMEOUT_S ? this.#settings.transientKeySeconds : value,
      );

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
        this.#starting &&
        record?.nextNetworkKey !== undefined &&
        equalBytes(found.contents, record.nextNetworkKey);
      if (!switched) return [status, found];
      // The power failed between the switch and its note. The adapter compares with the key that it was given.
      this.#record = afterKeySwitch(record);
      this.#memory.save(this.#record);
      return [status, { contents: Buffer.from(record.networkKey) }];
    };

    const networkInit = ezsp.ezspNetworkInit.bind(ezsp);
    ezsp.ezspNetworkInit = async (options) => {
      const own = Eui64(await ezsp.ezspGetEui64());
      this.#bind(own);
      const status = await networkInit(options);
      if (this.#record === undefined) await this.#found(own, status === SLStatus.OK);
      return status;
    };

    const getParameters = ezsp.ezspGetNetworkParameters.bind(ezsp);
    ezsp.ezspGetNetworkParameters = async () => {
      const answer = await getParameters();
      const [status, type, parameters] = answer;
      // The stack moves its PAN id after a conflict; the adapter would take that for another network and leave it.
      const same = this.#network.extendedPanID.every((octet, i) => octet === parameters.extendedPanId[i]);
      if (status === SLStatus.OK && type === COORDINATOR && same) this.#network.panID = parameters.panId;
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
    this.#network.extendedPanID = [...eui64ToBytesLE(extended)];
  }

  /** Chooses what a new network still lacks and stores it all before anything is formed. */
  async #found(own: Eui64, foreign: boolean): Promise<void> {
    if (foreign)
      this.#log.warn({}, "the radio held a network that is not in this data folder; a new one is formed");
    if (this.#settings.quietChannel && !foreign) {
      const channel = await quietestChannel(this.ezsp, this.#settings.channels, this.#log);
      if (channel !== undefined) this.#network.channelList = [channel];
    }
    this.#record = {
      eui64: own,
      extendedPanId: eui64FromBytesLE(Uint8Array.from(this.#network.extendedPanID)),
      panId: this.#network.panID,
      channel: this.#network.channelList[0] ?? 11,
      networkKey: Uint8Array.from(this.#network.networkKey),
      keySequence: 0,
      frameCounter: 0,
      apsFrameCounter: 0,
    };
    this.#memory.save(this.#record);
  }

  #overrideEvents(): void {
    const { ezsp } = this;
    // The driver drops every profile but home automation, and answers to ZDO that it did not ask for.
    ezsp.ezspIncomingMessageHandler = (type, aps, info, contents) => {
      if (readPastEnd(ezsp)) {
        this.#log.warn({}, "radio: an incoming message with a wrong length was dropped");
        return;
      }
      if (!this.closed) this.#events.incoming(type, aps, info, new Uint8Array(contents));
    };
    ezsp.ezspMessageSentHandler = (status, _type, _destination, aps, tag) => {
      if (!this.closed) this.#events.sent(tag, aps.sequence, status === SLStatus.OK);
    };
    ezsp.ezspTrustCenterJoinHandler = (nodeId, eui64, status, decision) => {
      if (!this.closed) this.#events.trustCenterJoin(nodeId, Eui64(eui64), status, decision);
    };
    ezsp.ezspChildJoinHandler = (_index, joining, nodeId, eui64) => {
      if (!this.closed && joining) this.#events.child(nodeId, Eui64(eui64));
    };
    ezsp.ezspIncomingRouteRecordHandler = (nodeId, eui64) => {
      if (!this.closed) this.#events.address(nodeId, Eui64(eui64));
    };
    const stackStatus = ezsp.ezspStackStatusHandler.bind(ezsp);
    ezsp.ezspStackStatusHandler = (status) => {
      stackStatus(status);
      if (status === SLStatus.NETWORK_DOWN && !this.#starting) this.#lose("the radio left its network");
    };
  }
}
