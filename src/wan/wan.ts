import { toHex } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import { QuietLog } from "../base/quiet-log.ts";
import type { Random } from "../base/random.ts";
import type {
  DevicePresence,
  Presence,
  ReceiptReason,
  ReceiptStage,
  Receipts,
  Uplink,
  UplinkMessage,
  UplinkOutcome,
} from "../base/uplink.ts";
import { formatFilter, formatTopic, type MessageId, parseTopic, type WanRoot } from "../base/wan-topic.ts";
import type { Store } from "../store/store.ts";
import type { Arrival } from "./arrivals.ts";
import { BrokerLink } from "./broker-link.ts";
import type { BrokerSettings } from "./broker-settings.ts";
import { INBOX_LIMITS, Inbox, type InboxLimits } from "./inbox.ts";
import { LINK_TIMING, type LinkTiming } from "./link-state.ts";
import { OUTBOX_LIMITS, Outbox, type OutboxLimits } from "./outbox.ts";
import { OutboxUpkeep } from "./outbox-upkeep.ts";
import { Repeats } from "./repeats.ts";
import { Retained } from "./retained.ts";
import { ROUTE_DEFAULTS, type RouteSettings, RouteWatch } from "./route-watch.ts";
import { Sender } from "./sender.ts";
import { StateDocument } from "./state-document.ts";

export interface WanSettings {
  root: WanRoot;
  /** The hub's software version, for `state`. */
  version: string;
  /** In order of preference. */
  brokers: readonly BrokerSettings[];
  keepAliveSeconds: number;
  connectMs: number;
  answerMs: number;
  sessionSeconds: number;
  /** Largest MQTT packet taken from a broker, in octets. */
  packetLimit: number;
  /** How often counts in `state` are brought up to date, in milliseconds. */
  stateMs: number;
  timing: LinkTiming;
  route: RouteSettings;
  /** When the hub's own certificates end, in Unix milliseconds, for `state`. */
  certificateEnds: () => number | undefined;
  /** When the hub connected for the first time in its life, in Unix milliseconds, for `state`: the birth message. */
  bornAt: () => number | undefined;
  outbox: OutboxLimits;
  inbox: InboxLimits;
}

/** Everything that has a sensible value without being told. */
export const WAN_DEFAULTS: Omit<WanSettings, "root" | "version" | "brokers"> = {
  keepAliveSeconds: 120,
  connectMs: 30_000,
  answerMs: 120_000,
  sessionSeconds: 30 * 24 * 3_600,
  packetLimit: 1024 * 1024,
  stateMs: 60_000,
  timing: LINK_TIMING,
  route: ROUTE_DEFAULTS,
  certificateEnds: () => undefined,
  bornAt: () => undefined,
  outbox: OUTBOX_LIMITS,
  inbox: INBOX_LIMITS,
};

/** Messages of a lane that a hub can have stored and not yet acknowledged to their devices when it is cut off. */
const UNACKNOWLEDGED = 32;
/** How long a stopping hub tries to say that it goes offline, in milliseconds. */
const LAST_WORD_MS = 1_000;

/** The hub's side of the WAN contract: what it sends, what it takes in, and what the broker retains of it. */
export class Wan implements Uplink, Receipts, Presence {
  readonly inbox: Inbox;
  readonly #settings: WanSettings;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #outbox: Outbox;
  readonly #retained = new Retained();
  readonly #link: BrokerLink;
  readonly #sender: Sender;
  readonly #routes: RouteWatch;
  readonly #repeats: Repeats;
  readonly #boot: string;
  readonly #document: StateDocument;
  readonly #upkeep: OutboxUpkeep;
  readonly #linked: (up: boolean) => void;
  #arrived: () => void = () => {};
  #refused = 0;
  #running = false;

  /** `linked` is told of every broker link that comes up, after its session, and of its end. */
  constructor(
    settings: WanSettings,
    given: { store: Store; clock: Clock; random: Random; log: Log; linked?: (up: boolean) => void },
  ) {
    const ports = { ...given, log: new QuietLog(given.log, given.clock) };
    this.#settings = settings;
    this.#linked = ports.linked ?? (() => {});
    this.#store = ports.store;
    this.#clock = ports.clock;
    this.#log = ports.log;
    this.#boot = toHex(ports.random.bytes(8));
    this.#document = new StateDocument({ ...settings, boot: this.#boot }, ports.clock);
    this.#outbox = new Outbox(ports.store, ports.clock, settings.outbox);
    this.#repeats = new Repeats(this.#outbox.newest(UNACKNOWLEDGED));
    this.inbox = new Inbox(ports.store, settings.inbox);
    this.#link = new BrokerLink(this.#linkSettings(), this.#handlers(), ports);
    const topicOf = (name: string, seq: number) =>
      seq === 0
        ? formatTopic(settings.root, { kind: "receipt", id: name as MessageId })
        : formatTopic(settings.root, { kind: "up", device: name as Eui64, seq });
    this.#sender = new Sender(
      this.#outbox,
      this.#retained,
      this.#link,
      ({ name, seq }) => topicOf(name, seq),
      ports,
    );
    this.#routes = new RouteWatch(settings.route, ports.clock, () => {
      this.#log.info({}, "another default route: the broker link is made anew");
      this.#link.renew();
    });
    this.#upkeep = new OutboxUpkeep(
      this.#outbox,
      () => this.counts(),
      () => this.#tellState(),
      settings.stateMs,
      ports,
    );
  }

  /** Starts the link. `arrived` is called whenever the inbox has something new, once for what is left from before. */
  start(arrived: () => void): void {
    this.#arrived = arrived;
    this.#running = true;
    this.#store.transaction(() => {
      for (const message of this.inbox.started()) this.report(message.id, "failed", "internal");
    });
    this.#upkeep.start();
    this.#link.start();
    this.#routes.start();
    arrived();
  }

  /** Tells the broker that the hub goes, as far as it listens, and hangs up. What waits stays stored. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#routes.stop();
    this.#upkeep.stop();
    if (this.#link.status.phase === "up") {
      this.#retained.set(this.#stateTopic, json(this.#state(false)));
      this.#sender.pump();
      await this.#retained.settle(LAST_WORD_MS, this.#clock);
    }
    await this.#link.stop();
    this.#sender.stop();
    try {
      this.#store.transaction(() => {
        this.#outbox.tidy();
        this.inbox.stopped();
      });
    } catch (error) {
      this.#log.error({ err: error }, "what is done cannot be cleared away");
    }
  }

  get status(): { online: boolean; broker: number; level: 4 | 5; boot: string } {
    const { phase, broker, level } = this.#link.status;
    return { online: phase === "up", broker, level, boot: this.#boot };
  }

  counts() {
    return { up: this.#outbox.counts(), down: this.inbox.count(), refusedTopics: this.#refused };
  }

  async send(message: UplinkMessage): Promise<UplinkOutcome> {
    if (this.#repeats.has(message)) return "safe";
    const stored = this.#store.soon(() => this.put(message));
    this.#sender.pump(true);
    return stored;
  }

  put(message: UplinkMessage): UplinkOutcome {
    return this.#outbox.put(message.lane, message.device, message.payload);
  }

  report(id: MessageId, stage: ReceiptStage, reason?: ReceiptReason): void {
    const at = new Date(this.#clock.now()).toISOString();
    const receipt = json(reason === undefined ? { stage, at } : { stage, reason, at });
    if (this.#store.inTransaction) {
      this.#outbox.put("receipt", id, receipt);
      return;
    }
    this.#store
      .soon(() => this.#outbox.put("receipt", id, receipt))
      .catch((error) => this.#log.error({ err: error, id, stage }, "receipt not stored"));
    this.#sender.pump(true);
  }

  state(part: "han" | "power" | "modem", value: object): void {
    this.#document.set(part, value);
    this.#tellState();
  }

  device(device: Eui64, presence: DevicePresence | undefined): void {
    const topic = formatTopic(this.#settings.root, { kind: "device", device });
    this.#retained.set(topic, presence === undefined ? new Uint8Array() : json(presence));
    this.#sender.pump();
  }

  get #stateTopic(): string {
    return formatTopic(this.#settings.root, { kind: "state" });
  }

  #linkSettings() {
    const { root, brokers, timing, keepAliveSeconds, connectMs, answerMs, sessionSeconds, packetLimit } =
      this.#settings;
    const will = { topic: this.#stateTopic, payload: json(this.#document.identity(false)) };
    const clientId = `hanway-${root.hub}`;
    const transport = { clientId, keepAliveSeconds, connectMs, answerMs, sessionSeconds, packetLimit, will };
    return { brokers, timing, transport, filters: [formatFilter(root, "down")] };
  }

  #handlers() {
    return {
      up: (allowance: { inFlight: number; packet: number }) => {
        const { broker, level, boot } = this.status;
        this.#log.info({ broker, mqtt: level, boot }, "broker link is up");
        // First, for at the first link of all `state` tells the hub's birth.
        this.#linked(true);
        this.#tellState();
        this.#sender.up(allowance);
      },
      down: () => {
        this.#sender.down();
        this.#linked(false);
      },
      message: (arrival: Arrival) => this.#message(arrival),
    };
  }

  async #message(arrival: Arrival): Promise<void> {
    const parsed = parseTopic(arrival.topic);
    if ("refused" in parsed || parsed.topic.kind !== "down" || !this.#isOwn(parsed.root)) {
      this.#refused += 1;
      this.#log.warn(
        { topic: arrival.topic.slice(0, 200) },
        "message on a topic that is not of the contract",
      );
      // A device name that no device can have: the sender is told as for any other unknown device.
      const id = "refused" in parsed ? parsed.id : undefined;
      if (id !== undefined && !arrival.again) this.report(id, "failed", "no-such-device");
      return;
    }
    const { id, device } = parsed.topic;
    if (arrival.payload.length > this.#settings.outbox.payload) {
      this.report(id, "failed", "too-large");
      return;
    }
    const storing = this.#store.soon(() => {
      const outcome = this.inbox.put({ id, device, payload: arrival.payload });
      if (outcome === "stored") this.report(id, "stored");
      // What the broker itself repeats is no second offer of the sender.
      else if (outcome === "duplicate" && !arrival.again) this.report(id, "failed", "duplicate");
      else if (outcome === "full") this.report(id, "failed", "refused");
      return outcome;
    });
    this.#sender.pump(true);
    if ((await storing) === "stored") this.#arrived();
  }

  /** A broker sends what was subscribed to; a hostile one may send what is for another hub. */
  #isOwn({ tenant, hub }: WanRoot): boolean {
    return tenant === this.#settings.root.tenant && hub === this.#settings.root.hub;
  }

  #state(online: boolean): object {
    return this.#document.whole(online, this.#link.status, this.counts());
  }

  /** Something that `state` tells has changed. */
  stateChanged(): void {
    this.#tellState();
  }

  #tellState(): void {
    if (this.#link.status.phase !== "up") return;
    // First, for it may carry the power alert of a hub that has seconds left.
    this.#retained.set(this.#stateTopic, json(this.#state(true)), true);
    this.#sender.pump();
  }
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
