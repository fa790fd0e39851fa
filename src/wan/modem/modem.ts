import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type BearerCommands, BearerHooks } from "./bearer-hooks.ts";
import { DIALOGUE_TIMING, Dialogue, type DialogueTiming } from "./dialogue.ts";
import { AtEngine, type Noise } from "./engine.ts";
import { ENGINE_SETTINGS, type EngineSettings } from "./engine-state.ts";
import { MODEM_FAULTS } from "./fault.ts";
import {
  MODEM_STOPPED,
  MODEM_TIMING,
  type ModemEffect,
  type ModemFault,
  type ModemInput,
  type ModemPhase,
  type ModemTask,
  type ModemTiming,
} from "./modem-state.ts";
import { modemStep } from "./modem-step.ts";
import type { NetworkTime } from "./network-time.ts";
import type { PinLedger } from "./pin-ledger.ts";
import { type OpenPort, openPort, type PortSettings } from "./port.ts";
import type { NetworkPlace } from "./registration.ts";
import { pull, type ResetLine } from "./reset-line.ts";
import { Seldom } from "./seldom.ts";
import type { Signal } from "./signal.ts";
import { type Identity, masked } from "./sim.ts";
import { askSim, askTime, dial, identify, look, type ModemProfile, prepare, unlock, wake } from "./tasks.ts";
import type { Unsolicited } from "./unsolicited.ts";

export interface ModemSettings {
  port: PortSettings;
  profile: ModemProfile;
  bearer: BearerCommands;
  reset: ResetLine | undefined;
  timing: ModemTiming;
  dialogue: DialogueTiming;
  engine: EngineSettings;
  /** The same complaint is logged no more often than this, in milliseconds. */
  sayAgainMs: number;
}

export const MODEM_DEFAULTS: Omit<ModemSettings, "port" | "profile" | "reset"> = {
  bearer: { up: [], down: [], limitMs: 60_000 },
  timing: MODEM_TIMING,
  dialogue: DIALOGUE_TIMING,
  engine: ENGINE_SETTINGS,
  sayAgainMs: 3_600_000,
};

/** What a person, and the hub's `state` document, may know of the modem: numbers that name a person are masked. */
export interface ModemStatus {
  readonly phase: ModemPhase;
  readonly fault: ModemFault | undefined;
  readonly registration: NetworkPlace["registration"] | undefined;
  readonly technology: NetworkPlace["technology"];
  readonly operator: string | undefined;
  readonly signal: Signal | undefined;
  /** On the network, and with a bearer where one is asked for. */
  readonly attached: boolean;
  readonly imei: string | undefined;
  readonly iccid: string | undefined;
  readonly imsi: string | undefined;
}

export interface ModemPorts {
  clock: Clock;
  log: Log;
  pins: PinLedger;
  /** Called with every change. */
  changed?: (status: ModemStatus) => void;
  /** UTC as the network gave it, read just now. */
  networkTime?: (time: NetworkTime) => void;
}

interface Line {
  readonly port: OpenPort;
  readonly engine: AtEngine;
  dialogue: Dialogue;
}

interface Known {
  readonly identity: Identity;
  readonly view: (NetworkPlace & { operator: string | undefined; signal: Signal }) | undefined;
}

const NOTHING_KNOWN: Known = {
  identity: { imei: undefined, iccid: undefined, imsi: undefined },
  view: undefined,
};

const SILENCE: Noise = { octets: 0, lines: 0, floods: 0 };
/** Nonsense between the ends of two tasks that is worth a line in the log. */
const WORTH_SAYING: Noise = { octets: 4_096, lines: 100, floods: 1 };

/** One cellular modem: runs the machine of modem-step.ts on a real port. Never throws; whatever is wrong is its status. */
export class Modem {
  readonly #settings: ModemSettings;
  readonly #ports: ModemPorts;
  readonly #seldom: Seldom;
  readonly #hooks: BearerHooks;
  #state = MODEM_STOPPED;
  #timer: Timer | undefined;
  #line: Line | undefined;
  #known = NOTHING_KNOWN;
  #prepared = false;
  #timeFromNetwork = false;
  #noise: Noise = SILENCE;
  #told = "";

  constructor(settings: ModemSettings, ports: ModemPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#seldom = new Seldom(ports.clock, settings.sayAgainMs);
    this.#hooks = new BearerHooks(settings.bearer, ports.clock, ports.log);
  }

  start(): void {
    this.#input({ type: "start" });
  }

  /** Lets go of the port. The bearer stays as it is: the hub may be back in a moment. */
  async stop(): Promise<void> {
    this.#input({ type: "stop" });
    await this.#hooks.idle();
  }

  get status(): ModemStatus {
    const { phase, fault, registered, bearer } = this.#state;
    const { identity, view } = this.#known;
    return {
      phase,
      fault,
      registration: view?.registration,
      technology: view?.technology,
      operator: view?.operator,
      signal: view?.signal,
      attached: registered && (bearer || !this.#settings.profile.activate),
      imei: masked(identity.imei),
      iccid: masked(identity.iccid),
      imsi: masked(identity.imsi),
    };
  }

  #input(input: ModemInput): void {
    const before = this.#state;
    const timing = { ...this.#settings.timing, hard: this.#settings.reset !== undefined };
    const [state, effects] = modemStep(before, input, this.#ports.clock.elapsed(), timing);
    this.#state = state;
    if (before.registered && !state.registered) this.#known = { ...this.#known, view: undefined };
    this.#say(before.fault, state.fault);
    for (const effect of effects) this.#perform(effect);
    this.#tell();
  }

  #perform(effect: ModemEffect): void {
    if (effect.type !== "cure") this.#timer?.cancel();
    switch (effect.type) {
      case "open":
        void this.#open(this.#state.run);
        break;
      case "close":
        this.#close();
        break;
      case "task":
        void this.#work(effect.task, this.#state.run);
        break;
      case "wait":
        this.#timer = this.#ports.clock.after(effect.ms, () => this.#input({ type: "timer" }));
        break;
      case "cure":
        this.#sayCure(effect);
    }
  }

  async #open(run: number): Promise<void> {
    const opening = await openPort(this.#settings.port, this.#ports.clock);
    if (run !== this.#state.run) {
      if (!("problem" in opening)) opening.close();
      return;
    }
    if ("problem" in opening) {
      this.#complain(opening.problem, {});
      this.#input({ type: "unopened", run });
      return;
    }
    this.#attach(opening, run);
    this.#input({ type: "opened", run });
  }

  #attach(port: OpenPort, run: number): void {
    const unsolicited = (what: Unsolicited) => {
      if (what === "time") this.#timeFromNetwork = true;
      else if (what !== "noise") this.#input({ type: "news", run, what });
    };
    const engine = new AtEngine(port.stream, this.#ports.clock, { unsolicited }, this.#settings.engine);
    this.#line = { port, engine, dialogue: new Dialogue(engine, this.#settings.dialogue) };
    this.#noise = SILENCE;
    port.stream.once("close", () => {
      engine.close();
      this.#input({ type: "lost", run });
    });
  }

  #close(): void {
    this.#line?.engine.close();
    this.#line?.port.close();
    this.#line = undefined;
  }

  async #work(task: ModemTask, run: number): Promise<void> {
    if (task === "hard") {
      await this.#pull();
      this.#input({ type: "cured", run });
      return;
    }
    const line = this.#line;
    if (line === undefined) return;
    const ended = await this.#task(task, line, run);
    if (run !== this.#state.run) return;
    this.#measureNoise(line.engine);
    this.#input(line.dialogue.deaf && task !== "soft" ? { type: "deaf", run } : ended);
  }

  async #task(task: Exclude<ModemTask, "hard">, line: Line, run: number): Promise<ModemInput> {
    const { profile, dialogue: timing } = this.#settings;
    const { clock, pins } = this.#ports;
    switch (task) {
      case "wake":
        return this.#wake(line, run);
      case "sim":
        return { type: "sim", run, sim: await askSim(line.dialogue) };
      case "unlock": {
        const card = this.#known.identity.iccid;
        return {
          type: "unlocked",
          run,
          outcome: await unlock(line.dialogue, profile.pin, card, pins, clock),
        };
      }
      case "look":
        return this.#look(line, run);
      case "bearer":
        return { type: "dialled", run, up: await dial(line.dialogue, profile) };
      case "soft":
        // What it does not hear does no harm, and what it hears ends the dialogue.
        line.dialogue = new Dialogue(line.engine, timing);
        await line.dialogue.ask("AT+CFUN=1,1", { timeoutMs: timing.simMs });
        return { type: "cured", run };
    }
  }

  async #wake(line: Line, run: number): Promise<ModemInput> {
    line.engine.clear();
    line.dialogue = new Dialogue(line.engine, this.#settings.dialogue);
    this.#prepared = false;
    this.#timeFromNetwork = false;
    if (!(await wake(line.dialogue, this.#settings.dialogue.quickMs, this.#ports.clock)))
      return { type: "deaf", run };
    this.#known = { identity: await identify(line.dialogue), view: undefined };
    return { type: "woken", run };
  }

  async #look(line: Line, run: number): Promise<ModemInput> {
    const { profile } = this.#settings;
    if (!this.#prepared) {
      this.#prepared = true;
      await prepare(line.dialogue, profile);
      // A locked SIM has not told its subscriber.
      if (this.#known.identity.imsi === undefined) {
        this.#known = { ...this.#known, identity: await identify(line.dialogue) };
      }
      if (run === this.#state.run) this.#sayIdentity();
    }
    const { sim, bearer, ...view } = await look(line.dialogue, profile);
    const time = await askTime(line.dialogue, profile, this.#timeFromNetwork);
    if (run === this.#state.run && !line.dialogue.deaf) {
      this.#known = { ...this.#known, view };
      if (time !== undefined) this.#ports.networkTime?.(time);
    }
    return { type: "looked", run, sim, registration: view.registration, bearer };
  }

  async #pull(): Promise<void> {
    const { reset } = this.#settings;
    if (reset === undefined) return;
    const outcome = await pull(reset, this.#ports.clock);
    if (!outcome.done) this.#complain("the modem's reset line cannot be used", { reason: outcome.why });
  }

  #say(before: ModemFault | undefined, now: ModemFault | undefined): void {
    if (before === now) return;
    const { log } = this.#ports;
    // The port's own sentence is more exact, and was said where it failed to open.
    if (now !== undefined) this.#complain(MODEM_FAULTS[now], { fault: now });
    else if (this.#seldom.may(`over ${before}`) !== undefined)
      log.info({ fault: before }, "the modem is well again");
  }

  #sayCure({ cure, trouble, restMs }: ModemEffect & { type: "cure" }): void {
    const sentence =
      cure === "rest" ? "the modem is left alone for a while" : `the modem gets the next cure: ${cure}`;
    this.#complain(sentence, { trouble, ...(cure === "rest" ? { restSeconds: restMs / 1_000 } : {}) });
  }

  #sayIdentity(): void {
    const { imei, iccid, imsi } = this.status;
    if (this.#seldom.may(`identity ${imei} ${iccid} ${imsi}`) === undefined) return;
    this.#ports.log.info({ imei, iccid, imsi }, "the modem and its SIM are ready");
  }

  #measureNoise(engine: AtEngine): void {
    const { noise } = engine;
    const more: Noise = {
      octets: noise.octets - this.#noise.octets,
      lines: noise.lines - this.#noise.lines,
      floods: noise.floods - this.#noise.floods,
    };
    this.#noise = noise;
    const little =
      more.octets < WORTH_SAYING.octets &&
      more.lines < WORTH_SAYING.lines &&
      more.floods < WORTH_SAYING.floods;
    if (!little) this.#complain("the modem pours out nonsense, which is thrown away", { ...more });
  }

  #complain(sentence: string, fields: object): void {
    const keptBack = this.#seldom.may(sentence);
    if (keptBack === undefined) return;
    this.#ports.log.warn(keptBack === 0 ? fields : { ...fields, keptBack }, sentence);
  }

  #tell(): void {
    const { status } = this;
    const told = JSON.stringify(status);
    if (told === this.#told) return;
    this.#told = told;
    this.#hooks.bearer(status.attached);
    this.#ports.changed?.(status);
  }
}
