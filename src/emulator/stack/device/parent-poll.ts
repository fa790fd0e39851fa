import type { Clock, Timer } from "../../../base/clock.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { NwkLayer } from "../network/nwk.ts";
import type { JoinState } from "./join-machine.ts";

export interface ParentPollSettings {
  /** How often the parent is checked on, or for a sleepy device polled while nothing is expected. */
  pollMs: number;
  /** How often a sleepy device polls while it waits for something. */
  fastPollMs: number;
  /** Polls in a row that must fail, or frames that cannot be read, before the parent counts as lost. */
  lostAfter: number;
}

/** Enough for a parent to answer some of them, few enough that one damaged frame costs little. */
const DOUBTFUL_POLLS = 10;

export interface ParentPollPorts {
  at(): JoinState["at"];
  /** The parent is gone, or speaks under a network key that this device does not have. */
  lost(why: "parent-lost" | "network-key-lost"): void;
}

/** Polls of the parent: how a sleepy device gets its frames, and how any device sees that its parent is gone. */
export class ParentPoll {
  readonly #clock: Clock;
  readonly #settings: ParentPollSettings;
  readonly #sleepy: boolean;
  readonly #nwk: NwkLayer;
  readonly #aps: ApsLayer;
  readonly #ports: ParentPollPorts;
  #timer: Timer | undefined;
  #failed = 0;
  /** Frames of the parent in a row that could not be read. */
  #unreadable = 0;
  /** Polls that are left to find out whether it goes on like that. */
  #doubts = 0;
  /** Reasons to poll in quick succession. */
  #awaiting = 0;

  constructor(options: {
    clock: Clock;
    settings: ParentPollSettings;
    sleepy: boolean;
    nwk: NwkLayer;
    aps: ApsLayer;
    ports: ParentPollPorts;
  }) {
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#sleepy = options.sleepy;
    this.#nwk = options.nwk;
    this.#aps = options.aps;
    this.#ports = options.ports;
  }

  /** The device is on the network: from here on it looks after its parent. */
  start(): void {
    this.#failed = 0;
    this.heard(true);
    if (this.#sleepy) this.#nwk.mac.radio.receiving = false;
    this.#schedule(this.#settings.pollMs);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  now(): void {
    const parent = this.#nwk.parent;
    const at = this.#ports.at();
    if (parent === undefined || at === "off") return;
    this.#nwk.mac.poll(parent, at === "associating", (acked) => this.#polled(acked));
  }

  /** Something is expected. */
  soon(): void {
    if (this.#sleepy && this.#ports.at() !== "off") this.#schedule(this.#settings.fastPollMs);
  }

  /** Polls in quick succession until the returned function is called. */
  stayAwake(): () => void {
    let awake = true;
    this.#awaiting++;
    this.soon();
    return () => {
      if (awake) this.#awaiting--;
      awake = false;
    };
  }

  /** After a frame came a sleepy device fetches the next one, or turns its receiver off. */
  received(framePending: boolean): void {
    const at = this.#ports.at();
    if (!this.#sleepy || at === "scanning") return;
    if (framePending) this.now();
    else this.#nwk.mac.radio.receiving = at !== "joined";
  }

  /** The parent has sent a frame; one that cannot be read makes the device ask for more of them soon. */
  heard(readable: boolean): void {
    this.#unreadable = readable ? 0 : this.#unreadable + 1;
    this.#doubts = readable ? 0 : DOUBTFUL_POLLS;
    if (readable || this.#ports.at() !== "joined") return;
    if (this.#unreadable >= this.#settings.lostAfter) this.#ports.lost("network-key-lost");
    else this.#schedule(this.#settings.fastPollMs);
  }

  #schedule(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => this.now());
  }

  #polled(acked: boolean): void {
    const at = this.#ports.at();
    this.#failed = acked ? 0 : this.#failed + 1;
    if (at === "joined" && this.#failed >= this.#settings.lostAfter) {
      this.#failed = 0;
      this.#ports.lost("parent-lost");
    } else if (at === "joined" || this.#sleepy) {
      const waits = at !== "joined" || this.#aps.outstanding + this.#awaiting > 0 || !acked;
      const doubts = this.#doubts > 0;
      if (doubts && --this.#doubts === 0) this.#unreadable = 0;
      const soon = doubts || (this.#sleepy && waits);
      this.#schedule(soon ? this.#settings.fastPollMs : this.#settings.pollMs);
    }
  }
}
