import { join } from "node:path";
import { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import { abortCommands, abortEvents, driveAshTimer, readPastEnd, tameDriver } from "./driver-quirks.ts";
import { HUB_ENDPOINTS } from "./endpoints.ts";
import { Formation } from "./formation.ts";
import {
  EmberAdapter,
  type EmberApsFrame,
  type EmberRxPacketInfo,
  type Ezsp,
  SLStatus,
  useDriverLog,
  useEndpoints,
} from "./herdsman.ts";
import type { NetworkMemory, NetworkRecord } from "./network-record.ts";
import { guardPort } from "./port-guard.ts";
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
  readonly #formation: Formation;
  readonly #stopTimer: () => void;
  #version = 0;
  #closed = false;
  #lost = false;

  constructor(settings: RadioSettings, memory: NetworkMemory, events: DriverEvents, log: Log) {
    useDriverLog(log, settings.verbose);
    useEndpoints(HUB_ENDPOINTS);
    this.#settings = settings;
    this.#events = events;
    this.#log = log;
    this.#formation = new Formation(settings, memory, log);
    this.#adapter = new EmberAdapter(
      this.#formation.network,
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
    this.#formation.override(this.ezsp);
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
    this.#formation.end();
    const { meta } = await this.#adapter.getCoordinatorVersion();
    this.#version = Number(meta.ezsp);
    const record = this.#formation.settle(await this.#adapter.getNetworkParameters());
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
      if (status === SLStatus.NETWORK_DOWN && this.#formation.over) this.#lose("the radio left its network");
    };
  }
}
