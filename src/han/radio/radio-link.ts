import type { Clock, Timer } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import type { Log } from "../../base/log.ts";
import { PROFILE_ZDO } from "../security/policy.ts";
import { encodePermitJoiningRequest, ZDO } from "../zdo.ts";
import type { AdmissionLink } from "./admission-link.ts";
import { ApsReceiver } from "./aps-receiver.ts";
import { ApsSender } from "./aps-sender.ts";
import { Driver, type DriverEvents, type DriverNetwork } from "./driver.ts";
import { lookedUpNodeId } from "./driver-quirks.ts";
import { requireOk } from "./ezsp-status.ts";
import { type Ezsp, EzspError, EzspStatus } from "./herdsman.ts";
import type { NetworkMemory } from "./network-record.ts";
import type { IncomingAps, OutgoingAps, RadioCapabilities, SendOutcome } from "./port.ts";
import { probe } from "./probe.ts";
import type { RadioSettings } from "./settings.ts";

const EVERY_FULL_DEVICE = 0xfffd;
const EVERY_ROUTER = 0xfffc;

/** What a link tells the port. */
export interface LinkEvents {
  lost(reason: string): void;
  frame(frame: IncomingAps): void;
  trustCenterJoin: DriverEvents["trustCenterJoin"];
  address: DriverEvents["address"];
  child: DriverEvents["child"];
}

export interface OpenedLink extends DriverNetwork {
  capabilities: RadioCapabilities;
}

/** One attempt at the radio: a driver with its sender, receiver and keep-alive. Used once. */
export class RadioLink implements AdmissionLink {
  readonly driver: Driver;
  readonly #settings: RadioSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: LinkEvents;
  #sender: ApsSender | undefined;
  readonly #receiver: ApsReceiver;
  /** Rejects when the link is lost, also while it opens (the driver would wait on). */
  readonly #dead = Promise.withResolvers<never>();
  #maxPayload = 0;
  #keepAlive: Timer | undefined;
  #zdoSequence = 0;
  #ended = false;

  constructor(settings: RadioSettings, memory: NetworkMemory, events: LinkEvents, clock: Clock, log: Log) {
    this.#dead.promise.catch(() => {});
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
    this.driver = new Driver(
      settings,
      memory,
      {
        lost: (reason) => this.#lose(reason),
        incoming: (type, aps, info, payload) => this.#receiver.incoming(type, aps, info, payload),
        sent: (tag, sequence, delivered) => this.#sender?.tags.sent(tag, sequence, delivered),
        trustCenterJoin: events.trustCenterJoin,
        address: events.address,
        child: events.child,
      },
      log,
    );
    this.#receiver = new ApsReceiver(this.ezsp, settings, clock, log, events.frame);
  }

  get ezsp(): Ezsp {
    return this.driver.ezsp;
  }

  /** Gets the network up within `startTimeoutMs`. Throws `radio/port`, `radio/refused` or `radio/timeout`. */
  async open(): Promise<OpenedLink> {
    let opened: OpenedLink;
    try {
      opened = await this.#within(
        Promise.race([this.#start(), this.#dead.promise]),
        this.#settings.startTimeoutMs,
        "the radio does not answer; unplug it and plug it in again, and check that it runs EmberZNet coordinator firmware",
      );
    } catch (error) {
      throw startError(error);
    }
    this.#sender = new ApsSender(this.ezsp, this.#maxPayload, this.#settings, this.#clock, this.#log);
    this.#scheduleKeepAlive();
    return opened;
  }

  async #start(): Promise<OpenedLink> {
    const network = await this.driver.start();
    this.#maxPayload = await this.ezsp.ezspMaximumPayloadLength();
    return { ...network, capabilities: await probe(this.driver) };
  }

  async close(): Promise<void> {
    this.#end();
    await this.driver.close();
  }

  send(message: OutgoingAps): Promise<SendOutcome> {
    return this.#sender?.send(message) ?? Promise.resolve("radio-lost");
  }

  /** To all devices whose receiver is always on, in clear at the APS layer. Throws when too long or refused. */
  async broadcast(message: Omit<OutgoingAps, "nodeId" | "security">): Promise<void> {
    await this.#broadcast(EVERY_FULL_DEVICE, message);
  }

  async permitRouters(seconds: number): Promise<void> {
    this.#zdoSequence = (this.#zdoSequence + 1) & 0x7f;
    await this.#broadcast(EVERY_ROUTER, {
      profile: PROFILE_ZDO,
      cluster: ZDO.mgmtPermitJoiningRequest,
      sourceEndpoint: 0,
      destinationEndpoint: 0,
      payload: encodePermitJoiningRequest(this.#zdoSequence, seconds),
    });
  }

  async nodeIdOf(eui64: Eui64): Promise<number | undefined> {
    const read = await this.ezsp.ezspLookupNodeIdByEui64(`0x${eui64}`);
    const nodeId = lookedUpNodeId(this.ezsp, this.driver.ezspVersion, read);
    return nodeId < 0xfff8 ? nodeId : undefined;
  }

  async #broadcast(to: number, message: Omit<OutgoingAps, "nodeId" | "security">): Promise<void> {
    if (message.payload.length > this.#maxPayload) {
      throw new HanwayError("encode/value", `a broadcast has at most ${this.#maxPayload} octets`, {
        field: "payload",
      });
    }
    const aps = {
      profileId: message.profile,
      clusterId: message.cluster,
      sourceEndpoint: message.sourceEndpoint,
      destinationEndpoint: message.destinationEndpoint,
      options: 0,
      groupId: 0,
      sequence: 0,
    };
    const tag = this.#sender?.tags.next() ?? 0xff;
    const octets = Buffer.from(message.payload);
    const [status] = await this.ezsp.ezspSendBroadcast(0xffff, to, 0, aps, 0, tag, octets);
    requireOk(status, "the broadcast");
  }

  #scheduleKeepAlive(): void {
    if (this.#ended) return;
    this.#keepAlive = this.#clock.after(this.#settings.keepAliveMs, () => {
      this.#within(
        this.ezsp.ezspNop(),
        this.#settings.keepAliveTimeoutMs,
        "the radio stopped answering",
      ).then(
        () => this.#scheduleKeepAlive(),
        () => this.#lose("the radio stopped answering"),
      );
    });
  }

  #within<T>(work: Promise<T>, ms: number, late: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ms, () => reject(new HanwayError("radio/timeout", late)));
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #lose(reason: string): void {
    if (this.#ended) return;
    this.#end();
    this.#dead.reject(new HanwayError("radio/timeout", reason));
    this.#events.lost(reason);
  }

  #end(): void {
    this.#ended = true;
    this.#keepAlive?.cancel();
    this.#sender?.close();
  }
}

/** The driver throws plain errors; the operator gets a code and a sentence. */
function startError(error: unknown): HanwayError {
  if (error instanceof HanwayError) return error;
  const text = error instanceof Error ? error.message : "";
  const version = /protocol version \((\d+)\) is not supported/.exec(text)?.[1];
  if (version !== undefined) {
    return new HanwayError(
      "radio/refused",
      `its firmware speaks EZSP ${version}, 13 to 19 are needed; update the stick's firmware`,
      { cause: error },
    );
  }
  if (error instanceof EzspError && error.code !== EzspStatus.NOT_CONNECTED)
    return new HanwayError("radio/timeout", `start failed with ${EzspStatus[error.code]}`, { cause: error });
  return new HanwayError("radio/timeout", text || "start failed", { cause: error });
}
