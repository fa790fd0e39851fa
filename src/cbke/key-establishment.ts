import type { Clock, Timer } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import { DEFAULT_CERTIFICATE_RULES, type TrustedIssuer } from "./check-certificate.ts";
import { decodeKeyEstablishment, type KeyEstablishmentMessage } from "./commands.ts";
import type { CbkeEngine, CbkeSession } from "./engine.ts";
import {
  DEFAULT_TIMING,
  IDLE,
  type Idle,
  type KeyEstablishmentEffect,
  type KeyEstablishmentInput,
  type KeyEstablishmentOutcome,
  type KeyEstablishmentSettings,
  type Partner,
} from "./exchange.ts";
import type { Active, Machine } from "./role.ts";
import { SUITES, type SuiteBit } from "./suite.ts";

/** Effects that take their time and answer with an input. */
type Work = Extract<KeyEstablishmentEffect, { do: "begin" | "calculateSmacs" | "installKey" }>;

/** What the device around it does for key establishment. */
export interface KeyEstablishmentPorts {
  /** Sends with APS acknowledgement; settles when it is acknowledged or given up (rejects). */
  send(to: Partner, message: KeyEstablishmentMessage): Promise<void>;
  /** Takes the new link key into use; undefined: the engine has done so. */
  installKey(partner: Partner, linkKey: Uint8Array | undefined): Promise<void>;
  ended(outcome: KeyEstablishmentOutcome): void;
  /** Unix time in seconds, or undefined while the clock cannot be trusted. */
  trustedTime(): number | undefined;
}

/** A frame of the cluster as it came in. */
export interface KeyEstablishmentFrame {
  readonly from: Partner;
  readonly apsCounter: number;
  readonly unicast: boolean;
  readonly commandId: number;
  /** Behind the ZCL header. */
  readonly payload: Uint8Array;
}

/** Settings of a device with this engine: its certificates, default timing and rules, where not said otherwise. */
export function keyEstablishmentSettings(
  engine: CbkeEngine,
  issuers: readonly TrustedIssuer[],
  overrides: Partial<Omit<KeyEstablishmentSettings, "certificates" | "issuers">> = {},
): KeyEstablishmentSettings {
  const offered = SUITES.filter(({ bit }) => (engine.suites & bit) !== 0);
  const certificates = new Map(offered.map(({ bit }) => [bit, engine.certificate(bit)]));
  return {
    ...DEFAULT_TIMING,
    certificateRules: DEFAULT_CERTIFICATE_RULES,
    ...overrides,
    certificates,
    issuers,
  };
}

/**
 * Runs one of the two state machines, {@link initiator} or {@link responder}, against an engine, a clock and the
 * radio. What the engine or the radio cannot do goes back into the machine, which ends the exchange.
 */
export class KeyEstablishment<S extends Active> {
  readonly #machine: Machine<S>;
  readonly #settings: KeyEstablishmentSettings;
  readonly #engine: CbkeEngine;
  readonly #clock: Clock;
  readonly #ports: KeyEstablishmentPorts;
  readonly #waiting: KeyEstablishmentInput[] = [];
  #busy = false;
  #state: S | Idle = IDLE;
  #timer: Timer | undefined;
  #secrets: CbkeSession | undefined;

  constructor(
    machine: Machine<S>,
    settings: KeyEstablishmentSettings,
    engine: CbkeEngine,
    clock: Clock,
    ports: KeyEstablishmentPorts,
  ) {
    this.#machine = machine;
    this.#settings = settings;
    this.#engine = engine;
    this.#clock = clock;
    this.#ports = ports;
  }

  /** The phase of the exchange, "idle" between exchanges. */
  get phase(): string {
    return this.#state.phase;
  }

  /** Starts an exchange; only the initiator takes this, and only while idle. */
  start(partner: Partner, suite: SuiteBit): void {
    this.#feed({ type: "start", partner, suite });
  }

  /** Hands in a frame of the cluster: responses to the initiator, requests to the responder, Terminate to both. */
  receive({ from, apsCounter, unicast, commandId, payload }: KeyEstablishmentFrame): void {
    let message: KeyEstablishmentMessage | undefined;
    try {
      message = decodeKeyEstablishment(commandId, payload);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
    }
    this.#feed({ type: "received", from, apsCounter, unicast, message, now: this.#ports.trustedTime() });
  }

  /** Inputs that come up while effects are carried out wait their turn, so that effects keep their order. */
  #feed(input: KeyEstablishmentInput): void {
    this.#waiting.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const [state, effects] = this.#machine(this.#settings, this.#state, next);
        this.#state = state;
        for (const effect of effects) this.#run(effect);
      }
    } finally {
      this.#busy = false;
    }
  }

  #run(effect: KeyEstablishmentEffect): void {
    switch (effect.do) {
      case "startTimer": {
        const { session, ms } = effect;
        this.#timer?.cancel();
        this.#timer = this.#clock.after(ms, () => this.#feed({ type: "timeout", session }));
        return;
      }
      case "stopTimer":
        this.#timer?.cancel();
        this.#timer = undefined;
        return;
      case "ended":
        this.#ports.ended(effect.outcome);
        return;
      case "send": {
        const { session, to, message } = effect;
        this.#ports.send(to, message).catch(() => this.#feed({ type: "undelivered", session }));
        return;
      }
      case "discard":
        this.#finish(false).catch(() => {});
        return;
      default:
        this.#work(effect).then(
          (input) => this.#feed(input),
          () => this.#feed({ type: "failed", session: effect.session }),
        );
    }
  }

  async #work(effect: Work): Promise<KeyEstablishmentInput> {
    const { session } = effect;
    switch (effect.do) {
      case "begin": {
        const begun = await this.#engine.begin(effect.suite);
        if (this.#state.phase === "idle" || !("session" in this.#state) || this.#state.session !== session) {
          await begun.finish(false);
        } else {
          this.#secrets = begun;
        }
        return { type: "ephemeral", session, point: begun.ephemeral };
      }
      case "calculateSmacs": {
        if (this.#secrets === undefined) throw new HanwayError("internal", "no key establishment session");
        const { role, certificate, ephemeral } = effect;
        const smacs = await this.#secrets.calculateSmacs(role, { certificate, ephemeral });
        return { type: "smacs", session, smacs };
      }
      case "installKey": {
        const key = await this.#finish(true);
        await this.#ports.installKey(effect.partner, key);
        return { type: "installed", session };
      }
    }
  }

  #finish(keep: boolean): Promise<Uint8Array | undefined> {
    const secrets = this.#secrets;
    this.#secrets = undefined;
    return secrets?.finish(keep) ?? Promise.resolve(undefined);
  }
}
