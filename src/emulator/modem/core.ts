import type { Clock, Timer } from "../../base/clock.ts";
import { type Cell, localTime } from "./network.ts";
import type { SimCard } from "./sim.ts";

/** Information lines before OK, or the error in its place. */
export type Reply = readonly string[] | { readonly error: number | "plain" };

export interface CoreOptions {
  clock: Clock;
  imei: string;
  sim: SimCard | undefined;
  cell: Cell;
  /** From switching on to the first answer. */
  bootMs: number;
  /** From a ready SIM to a registration. */
  registerMs: number;
  /** Whether it has +CPINR. */
  tellsTries: boolean;
  /** Sends a line unasked. */
  say: (line: string) => void;
}

/** The inside of an emulated modem: SIM, registration, bearer and clock, as its commands show them. */
export class ModemCore {
  readonly imei: string;
  readonly cell: Cell;
  readonly tellsTries: boolean;
  readonly #card: SimCard | undefined;
  readonly #options: CoreOptions;
  echo = true;
  apn = "";
  /** PINs that the host has sent, right or wrong. */
  pinsSeen = 0;
  restarts = 0;
  #obstacles: ReadonlySet<string> = new Set();
  #running = true;
  #registered = false;
  #bearer = false;
  #timed = false;
  #reports = new Map<string, number>();
  #searching: Timer | undefined;
  #booting: Timer | undefined;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.imei = options.imei;
    this.cell = options.cell;
    this.tellsTries = options.tellsTries;
    this.#card = options.sim;
    this.search();
  }

  /** False while it starts: nothing is heard and nothing said. */
  get running(): boolean {
    return this.#running;
  }
  get sim(): SimCard | undefined {
    return this.#obstacles.has("no-sim") ? undefined : this.#card;
  }
  /** Whether it hears a cell at all. */
  get onAir(): boolean {
    return this.#running && !this.#obstacles.has("lost-registration");
  }
  get registered(): boolean {
    return this.#registered;
  }
  get bearer(): boolean {
    return this.#bearer;
  }
  /** Unix milliseconds, once the network has given it. */
  get networkTime(): number | undefined {
    return this.#timed ? this.cell.time?.() : undefined;
  }

  /** Does it, and answers OK. */
  set(change: () => void): Reply {
    change();
    return [];
  }

  /** <n> of +CREG or +CEREG: how it reports changes. */
  report(which: string, n: number): void {
    this.#reports.set(which, n);
  }

  registrationLine(which: string): string {
    const n = this.#reports.get(which) ?? 0;
    const place = this.#registered && n === 2 ? `,"00C3","0000B1A7",${this.cell.act}` : "";
    return `+${which}: ${n},${this.#stat}${place}`;
  }

  dial(): boolean {
    this.#bearer = this.#registered && !this.#obstacles.has("no-bearer");
    return this.#bearer;
  }

  /** What stands in the way, by fault names; it takes effect at once. */
  obstruct(obstacles: ReadonlySet<string>): void {
    const simless = this.#obstacles.has("no-sim");
    this.#obstacles = obstacles;
    if (!simless && obstacles.has("no-sim")) this.#options.say("+CPIN: NOT INSERTED");
    if (simless && !obstacles.has("no-sim")) this.#options.say("+CPIN: READY");
    if (obstacles.has("no-bearer")) this.#bearer = false;
    this.#card?.refuse(obstacles.has("wrong-pin"));
    this.search();
  }

  /** Looks for the network again; loses it at once where something stands in the way. */
  search(): void {
    this.#searching?.cancel();
    if (this.#obstructed) this.#register(false);
    else if (!this.#registered) {
      this.#searching = this.#options.clock.after(this.#options.registerMs, () => this.#register(true));
    }
  }

  /** A reset, or a power cycle: every setting is forgotten, the SIM wants its PIN again. */
  restart(): void {
    this.stop();
    this.restarts += 1;
    this.#running = false;
    this.#registered = false;
    this.#bearer = false;
    this.#timed = false;
    this.#reports = new Map();
    this.echo = true;
    this.#card?.powerUp();
    this.#booting = this.#options.clock.after(this.#options.bootMs, () => {
      this.#running = true;
      this.#options.say("RDY");
      this.search();
    });
  }

  stop(): void {
    this.#searching?.cancel();
    this.#booting?.cancel();
  }

  get #obstructed(): boolean {
    const blocked = this.#obstacles.has("lost-registration") || this.#obstacles.has("denied");
    return blocked || !this.#running || this.sim?.state !== "READY";
  }

  get #stat(): number {
    if (this.#obstacles.has("denied")) return 3;
    if (this.#registered) return this.cell.roaming ? 5 : 1;
    return this.sim?.state === "READY" ? 2 : 0;
  }

  #register(on: boolean): void {
    const changed = this.#registered !== on;
    this.#registered = on;
    if (!on) this.#bearer = false;
    if (!changed) return;
    for (const [which, n] of this.#reports) if (n > 0) this.#options.say(`+${which}: ${this.#stat}`);
    const time = on ? this.cell.time?.() : undefined;
    if (time === undefined) return;
    this.#timed = true;
    const local = localTime(time, this.cell.quarters);
    this.#options.say(`+CTZE: "${local.slice(-3)}",0,"20${local.slice(0, -3)}"`);
  }
}
