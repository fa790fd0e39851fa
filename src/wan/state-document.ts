import type { Clock } from "../base/clock.ts";
import type { MqttLevel } from "./link-state.ts";
import type { OutboxCounts } from "./outbox.ts";

export interface StateFacts {
  /** The hub's software version. */
  readonly version: string;
  /** New at every start. */
  readonly boot: string;
  /** When the hub's own certificates end, in Unix milliseconds. */
  readonly certificateEnds: () => number | undefined;
  /** When the hub connected for the first time in its life, in Unix milliseconds. */
  readonly bornAt: () => number | undefined;
}

/** What waits in both directions. */
export interface WanCounts {
  readonly up: OutboxCounts;
  readonly down: number;
  /** Messages on topics that are not of the contract. */
  readonly refusedTopics: number;
}

/** The `state` document of the WAN contract. Never keys, install codes or consumption. */
export class StateDocument {
  readonly #facts: StateFacts;
  readonly #clock: Clock;
  readonly #parts = new Map<string, object>();

  constructor(facts: StateFacts, clock: Clock) {
    this.#facts = facts;
    this.#clock = clock;
  }

  /** One part of it that another room tells; replaces what was told before under this name. */
  set(part: string, value: object): void {
    this.#parts.set(part, value);
  }

  /** As much of it as is true while the hub is away: the last will. */
  identity(online: boolean): object {
    return { online, version: this.#facts.version, boot: this.#facts.boot };
  }

  whole(
    online: boolean,
    link: { broker: number; level: MqttLevel },
    { up, down, refusedTopics }: WanCounts,
  ): object {
    const { waiting, octets, dropped } = up;
    return {
      ...this.identity(online),
      at: new Date(this.#clock.now()).toISOString(),
      wan: { broker: link.broker, mqtt: link.level === 5 ? "5" : "3.1.1", ...this.#dates() },
      ...Object.fromEntries(this.#parts),
      counts: { waiting, octets, inbox: down, refusedTopics },
      dropped,
    };
  }

  #dates(): object {
    const { certificateEnds, bornAt } = this.#facts;
    return { ...dated("certificateEnds", certificateEnds()), ...dated("bornAt", bornAt()) };
  }
}

function dated(name: string, unixMs: number | undefined): object {
  return unixMs === undefined ? {} : { [name]: new Date(unixMs).toISOString() };
}
