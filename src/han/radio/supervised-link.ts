import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import type { Log } from "../../base/log.ts";
import type { Random } from "../../base/random.ts";
import { asked } from "./ezsp-status.ts";
import type { NetworkMemory } from "./network-record.ts";
import type { RadioState } from "./port.ts";
import { type LinkEvents, type OpenedLink, RadioLink } from "./radio-link.ts";
import type { RadioSettings } from "./settings.ts";
import { SUPERVISOR_STOPPED, type SupervisorEffect, type SupervisorInput, supervise } from "./supervisor.ts";

export interface SupervisedLinkEvents extends Omit<LinkEvents, "lost"> {
  /** The network is up on this link; told before the state. */
  up(link: RadioLink, opened: OpenedLink): void;
  /** The present link, if any, has ended. */
  down(): void;
  state(state: RadioState, reason: string | undefined): void;
}

/** The link to the radio, made anew after every loss: carries out what the supervisor decides. */
export class SupervisedLink {
  readonly #settings: RadioSettings;
  readonly #memory: NetworkMemory;
  readonly #events: SupervisedLinkEvents;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Log;
  readonly #closing = new Set<Promise<void>>();
  #supervisor = SUPERVISOR_STOPPED;
  #link: RadioLink | undefined;
  #opened: OpenedLink | undefined;
  #state: RadioState = "stopped";
  #failure: HanwayError | undefined;
  #starting: PromiseWithResolvers<OpenedLink> | undefined;

  constructor(
    settings: RadioSettings,
    memory: NetworkMemory,
    events: SupervisedLinkEvents,
    clock: Clock,
    random: Random,
    log: Log,
  ) {
    this.#settings = settings;
    this.#memory = memory;
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  get state(): RadioState {
    return this.#state;
  }

  /** The link that is up now. */
  get present(): RadioLink | undefined {
    return this.#state === "up" ? this.#link : undefined;
  }

  /** The first link on which the network was up. Rejects where that is given up, see {@link supervise}. */
  async start(): Promise<OpenedLink> {
    if (this.#starting !== undefined) return this.#starting.promise;
    this.#memory.load();
    const starting = Promise.withResolvers<OpenedLink>();
    this.#starting = starting;
    this.#input({ type: "start" });
    return starting.promise;
  }

  /** Resolves when the port is closed. */
  async stop(): Promise<void> {
    this.#input({ type: "stop" });
    this.#starting?.promise.catch(() => {});
    this.#starting?.reject(new HanwayError("radio/unavailable", "the radio was stopped"));
    this.#starting = undefined;
    await Promise.all(this.#closing);
  }

  /** Gives the present link up; another one follows. */
  renew(reason: string): void {
    this.#input({ type: "lost", attempt: this.#supervisor.attempt, reason });
  }

  /** Commands for the coordinator. Throws `radio/unavailable` when the link is down or goes down meanwhile. */
  async ask<T>(commands: (link: RadioLink) => Promise<T>): Promise<T> {
    const link = this.present;
    if (link === undefined) throw new HanwayError("radio/unavailable", "the link to the radio is down");
    return asked(() => commands(link));
  }

  #input(input: SupervisorInput): void {
    const chance = this.#random.fraction();
    const [state, effects] = supervise(this.#supervisor, input, this.#settings.supervisor, chance);
    this.#supervisor = state;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: SupervisorEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect(effect.attempt);
        return;
      case "dispose":
        this.#dispose();
        return;
      case "wait":
        this.#clock.after(effect.ms, () => this.#input({ type: "retry", attempt: effect.attempt }));
        return;
      case "announce":
        this.#announce(effect.state, effect.reason);
        return;
      case "give-up":
        this.#starting?.reject(this.#failure ?? new HanwayError("radio/timeout", effect.reason));
        this.#starting = undefined;
    }
  }

  #connect(attempt: number): void {
    const lost = (reason: string) => this.#input({ type: "lost", attempt, reason });
    const events: LinkEvents = { ...this.#events, lost };
    const link = new RadioLink(this.#settings, this.#memory, events, this.#clock, this.#log);
    this.#link = link;
    link.open().then(
      (opened) => {
        this.#opened = opened;
        this.#input({ type: "opened", attempt });
      },
      (error: HanwayError) => {
        this.#failure = error;
        this.#log.debug({}, `radio: attempt ${attempt}: ${error.message}`);
        this.#input({ type: "failed", attempt, kind: kindOf(error), reason: error.message });
      },
    );
  }

  #dispose(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#events.down();
    if (link === undefined) return;
    const closing = link.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #announce(state: RadioState, reason: string | undefined): void {
    this.#state = state;
    const link = this.#link;
    const opened = this.#opened;
    const isUp = state === "up" && link !== undefined && opened !== undefined;
    if (isUp) this.#events.up(link, opened);
    this.#log[state === "lost" ? "warn" : "info"]({ state, reason }, "radio");
    this.#events.state(state, reason);
    if (isUp) this.#starting?.resolve(opened);
  }
}

function kindOf({ code }: HanwayError): "port" | "radio" | "fatal" {
  if (code === "radio/port") return "port";
  return code === "radio/timeout" ? "radio" : "fatal";
}
