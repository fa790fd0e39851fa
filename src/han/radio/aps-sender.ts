import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import {
  type FragmentOutInput,
  fragmentGroup,
  fragmentOut,
  splitBlocks,
  startFragmentOut,
} from "./fragment-out.ts";
import {
  EmberApsOption,
  EmberOutgoingMessageType,
  type Ezsp,
  EzspError,
  EzspStatus,
  SLStatus,
} from "./herdsman.ts";
import type { OutgoingAps, SendOutcome } from "./port.ts";
import type { RadioSettings } from "./settings.ts";

/** Octets which APS security and the fragmentation header take of a frame (EmberZNet: 9 and 2). */
const SECURITY_OVERHEAD = 9;
const FRAGMENT_OVERHEAD = 2;
/** A source route takes 2 octets a hop out of the frame; how blocks shrink until the coordinator takes them. */
const SHRINK = 8;
const SMALLEST_BLOCK = 32;

/** Tags below are the driver's own. EZSP 13 has 8 bits for them. */
const FIRST_TAG = 0x80;
const LAST_TAG = 0xff;

interface Job {
  readonly message: OutgoingAps;
  readonly resolve: (outcome: SendOutcome) => void;
}

interface Flight {
  readonly sequence: () => number;
  readonly report: (delivered: boolean) => void;
}

type Refusal = Exclude<SendOutcome, "delivered"> | "too-long";

/**
 * Sends APS messages through one driver: in order and one at a time for each device, a bounded number altogether.
 * Ends with its driver: what is open then resolves as `radio-lost`.
 */
export class ApsSender {
  readonly #ezsp: Ezsp;
  readonly #clock: Clock;
  readonly #settings: RadioSettings;
  readonly #log: Log;
  readonly #maxPayload: number;
  readonly #waiting: Job[] = [];
  readonly #busyNodes = new Set<number>();
  readonly #flights = new Map<number, Flight>();
  readonly #onClose = new Set<() => void>();
  #tag = LAST_TAG;
  #closed = false;

  /** `maxPayload` is the coordinator's ezspMaximumPayloadLength, in octets. */
  constructor(ezsp: Ezsp, maxPayload: number, settings: RadioSettings, clock: Clock, log: Log) {
    this.#ezsp = ezsp;
    this.#maxPayload = maxPayload;
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  send(message: OutgoingAps): Promise<SendOutcome> {
    if (this.#closed) return Promise.resolve("radio-lost");
    const queued = this.#waiting.filter((job) => job.message.nodeId === message.nodeId).length;
    if (queued >= this.#settings.maxQueuedPerNode) {
      this.#log.warn({}, `radio: too many messages wait for node ${hex(message.nodeId)}; one was not sent`);
      return Promise.resolve("not-delivered");
    }
    return new Promise((resolve) => {
      this.#waiting.push({ message, resolve });
      this.#pump();
    });
  }

  /** The coordinator's messageSent; tags and counters that are not (or no longer) ours are ignored. */
  sent(tag: number, sequence: number, delivered: boolean): void {
    const flight = this.#flights.get(tag);
    if (flight !== undefined && flight.sequence() === sequence) flight.report(delivered);
  }

  /** A tag for a message nobody waits for. */
  nextTag(): number {
    do this.#tag = this.#tag >= LAST_TAG ? FIRST_TAG : this.#tag + 1;
    while (this.#flights.has(this.#tag));
    return this.#tag;
  }

  close(): void {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.resolve("radio-lost");
    for (const end of this.#onClose) end();
  }

  #pump(): void {
    while (this.#busyNodes.size < this.#settings.maxInFlight) {
      const at = this.#waiting.findIndex((job) => !this.#busyNodes.has(job.message.nodeId));
      const [job] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (job === undefined) return;
      this.#busyNodes.add(job.message.nodeId);
      void this.#run(job.message).then((outcome) => {
        this.#busyNodes.delete(job.message.nodeId);
        job.resolve(outcome);
        this.#pump();
      });
    }
  }

  async #run(message: OutgoingAps): Promise<SendOutcome> {
    const whole = this.#maxPayload - (message.security === "link-key" ? SECURITY_OVERHEAD : 0);
    for (let room = whole; room >= SMALLEST_BLOCK; room -= SHRINK) {
      const outcome = await this.#transfer(message, room);
      if (outcome !== "too-long") return outcome;
    }
    this.#log.warn(
      {},
      `radio: node ${hex(message.nodeId)} cannot be reached with blocks of ${SMALLEST_BLOCK} octets`,
    );
    return "not-delivered";
  }

  /** One try with at most `room` octets a frame. */
  async #transfer(message: OutgoingAps, room: number): Promise<SendOutcome | "too-long"> {
    const fragmented = message.payload.length > room;
    const blocks = fragmented ? splitBlocks(message.payload, room - FRAGMENT_OVERHEAD) : [message.payload];
    const reports: FragmentOutInput[] = [];
    let wake = (): void => {};
    const report = (input: FragmentOutInput): void => {
      reports.push(input);
      wake();
    };
    const tags = new Set<number>();
    const timers = new Set<() => void>();
    const end = (): void => report({ type: "abort" });
    this.#onClose.add(end);
    let sequence = 0;
    try {
      let [state, effects] = startFragmentOut(blocks.length, this.#settings.fragmentOut);
      for (;;) {
        for (const effect of effects) {
          if (effect.type === "done")
            return this.#closed ? "radio-lost" : effect.delivered ? "delivered" : "not-delivered";
          const { block } = effect;
          const tag = this.nextTag();
          tags.add(tag);
          let given = (): void => {};
          this.#flights.set(tag, {
            sequence: () => sequence,
            report: (delivered) => {
              given();
              this.#flights.delete(tag);
              report({ type: "sent", block, delivered });
            },
          });
          const answer = await this.#sendBlock(message, fragmented, block, blocks, sequence, tag);
          if (typeof answer === "string") return answer;
          sequence = answer.sequence;
          if (this.#flights.has(tag)) {
            const timer = this.#clock.after(this.#settings.sentTimeoutMs, () => {
              this.#flights.delete(tag);
              report({ type: "sent", block, delivered: false });
            });
            given = () => timer.cancel();
            timers.add(given);
          }
        }
        if (reports.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        const next = reports.shift();
        if (next !== undefined) [state, effects] = fragmentOut(state, next);
        else effects = [];
      }
    } finally {
      this.#onClose.delete(end);
      for (const cancel of timers) cancel();
      for (const tag of tags) this.#flights.delete(tag);
    }
  }

  /** Hands one block to the coordinator, again while it is busy. */
  async #sendBlock(
    message: OutgoingAps,
    fragmented: boolean,
    block: number,
    blocks: readonly Uint8Array[],
    sequence: number,
    tag: number,
  ): Promise<{ sequence: number } | Refusal> {
    const aps = {
      profileId: message.profile,
      clusterId: message.cluster,
      sourceEndpoint: message.sourceEndpoint,
      destinationEndpoint: message.destinationEndpoint,
      options: apsOptions(message, fragmented),
      groupId: fragmented ? fragmentGroup(block, blocks.length) : 0,
      sequence: block === 0 ? 0 : sequence,
    };
    const octets = Buffer.from(blocks[block] ?? []);
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) return "radio-lost";
      const status = await this.#unicast(message.nodeId, aps, tag, octets);
      if (typeof status !== "number") return status;
      if (status === SLStatus.ZIGBEE_APS_ENCRYPTION_ERROR) return "no-link-key";
      if (status === SLStatus.MESSAGE_TOO_LONG) return block === 0 ? "too-long" : "not-delivered";
      if (!BUSY.has(status) || attempt >= this.#settings.busyAttempts) {
        this.#log.info(
          {},
          `radio: message to node ${hex(message.nodeId)} refused, ${SLStatus[status] ?? status}`,
        );
        return "not-delivered";
      }
      await this.#pause();
    }
  }

  async #unicast(
    nodeId: number,
    aps: Parameters<Ezsp["ezspSendUnicast"]>[2],
    tag: number,
    octets: Buffer,
  ): Promise<{ sequence: number } | SLStatus | "radio-lost"> {
    try {
      const [status, given] = await this.#ezsp.ezspSendUnicast(
        EmberOutgoingMessageType.DIRECT,
        nodeId,
        aps,
        tag,
        octets,
      );
      return status === SLStatus.OK ? { sequence: given } : status;
    } catch (error) {
      if (error instanceof EzspError && error.code === EzspStatus.NO_TX_SPACE) return SLStatus.BUSY;
      return "radio-lost";
    }
  }

  /** Waits a moment, or until the driver ends. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#onClose.delete(end);
        timer.cancel();
        resolve();
      };
      const timer = this.#clock.after(this.#settings.busyPauseMs, end);
      this.#onClose.add(end);
    });
  }
}

const BUSY: ReadonlySet<SLStatus> = new Set([
  SLStatus.BUSY,
  SLStatus.TRANSMIT_BUSY,
  SLStatus.ALLOCATION_FAILED,
  SLStatus.NO_MORE_RESOURCE,
  SLStatus.ZIGBEE_MAX_MESSAGE_LIMIT_REACHED,
  SLStatus.ZIGBEE_IEEE_ADDRESS_DISCOVERY_IN_PROGRESS,
  SLStatus.ZIGBEE_SEND_UNICAST_ROUTE_DISCOVERY_UNDERWAY,
]);

function apsOptions(message: OutgoingAps, fragmented: boolean): number {
  return (
    EmberApsOption.RETRY |
    EmberApsOption.ENABLE_ROUTE_DISCOVERY |
    EmberApsOption.ENABLE_ADDRESS_DISCOVERY |
    (message.security === "link-key" ? EmberApsOption.ENCRYPTION : 0) |
    (fragmented ? EmberApsOption.FRAGMENT : 0)
  );
}

function hex(nodeId: number): string {
  return `0x${nodeId.toString(16).padStart(4, "0")}`;
}
