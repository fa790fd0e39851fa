import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { ApsTransfer } from "./aps-transfer.ts";
import type { Ezsp } from "./herdsman.ts";
import { MessageTags } from "./message-tags.ts";
import type { OutgoingAps, SendOutcome } from "./port.ts";
import type { RadioSettings } from "./settings.ts";
import { nodeName, type UnicastPorts } from "./unicast.ts";

/** Octets which APS security takes of a frame (EmberZNet). */
const SECURITY_OVERHEAD = 9;
/** A source route takes 2 octets a hop out of the frame; how blocks shrink until the coordinator takes them. */
const SHRINK = 8;
const SMALLEST_BLOCK = 32;

interface Job {
  readonly message: OutgoingAps;
  readonly resolve: (outcome: SendOutcome) => void;
}

/**
 * Sends APS messages through one driver: in order and one at a time for each device, a bounded number altogether.
 * Ends with its driver: what is open then resolves as `radio-lost`.
 */
export class ApsSender {
  readonly tags = new MessageTags();
  readonly #ports: UnicastPorts;
  readonly #maxPayload: number;
  readonly #waiting: Job[] = [];
  readonly #busyNodes = new Set<number>();
  readonly #end = new AbortController();

  /** `maxPayload` is the coordinator's ezspMaximumPayloadLength, in octets. */
  constructor(ezsp: Ezsp, maxPayload: number, settings: RadioSettings, clock: Clock, log: Log) {
    this.#maxPayload = maxPayload;
    this.#ports = { ezsp, settings, clock, log, end: this.#end.signal };
  }

  send(message: OutgoingAps): Promise<SendOutcome> {
    const { settings, log, end } = this.#ports;
    if (end.aborted) return Promise.resolve("radio-lost");
    const queued = this.#waiting.filter((job) => job.message.nodeId === message.nodeId).length;
    if (queued >= settings.maxQueuedPerNode) {
      log.warn({}, `radio: too many messages wait for node ${nodeName(message.nodeId)}; one was not sent`);
      return Promise.resolve("not-delivered");
    }
    return new Promise((resolve) => {
      this.#waiting.push({ message, resolve });
      this.#pump();
    });
  }

  close(): void {
    for (const job of this.#waiting.splice(0)) job.resolve("radio-lost");
    this.#end.abort();
  }

  #pump(): void {
    while (this.#busyNodes.size < this.#ports.settings.maxInFlight) {
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
      const outcome = await new ApsTransfer(message, room, this.tags, this.#ports).run();
      if (outcome !== "too-long") return outcome;
    }
    const node = nodeName(message.nodeId);
    this.#ports.log.warn({}, `radio: node ${node} cannot be reached with blocks of ${SMALLEST_BLOCK} octets`);
    return "not-delivered";
  }
}
