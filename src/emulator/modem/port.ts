import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { HostPort, Line } from "../server/port.ts";
import { answerTo } from "./commands.ts";
import type { ModemCore, Reply } from "./core.ts";
import type { ModemFaultName } from "./faults.ts";

const CR = 0x0d;
const ESCAPE = 0x1b;
const CTRL_Z = 0x1a;
/** Longest command line taken, in octets. */
const LINE_LIMIT = 512;
const SLOW_MS = 4_000;
const FLOOD_CHUNK = 4_096;
const FLOOD_PAUSE_MS = 5;

export interface ModemPortOptions {
  clock: Clock;
  random: Random;
  /** How late a modem with the fault `slow` answers. */
  slowMs?: number;
}

/** The serial side of an emulated modem: gathers command lines, echoes, answers, and lets the faults loose on it all. */
export class ModemPort implements HostPort {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #slowMs: number;
  #core: ModemCore | undefined;
  #line: Line | undefined;
  #typed: number[] = [];
  #faults: ReadonlySet<ModemFaultName> = new Set();
  #writing = false;
  #flooding: Timer | undefined;
  readonly #late = new Set<Timer>();

  constructor({ clock, random, slowMs = SLOW_MS }: ModemPortOptions) {
    this.#clock = clock;
    this.#random = random;
    this.#slowMs = slowMs;
  }

  attach(core: ModemCore): void {
    this.#core = core;
  }

  get connected(): boolean {
    return this.#line !== undefined;
  }

  plug(line: Line): void {
    this.#line = line;
    this.#flood();
  }

  unplug(): void {
    this.#line = undefined;
    this.#typed = [];
    this.#hush();
  }

  /** The line breaks: a USB modem pulled out. */
  hangUp(): void {
    this.#line?.close();
  }

  faults(faults: ReadonlySet<ModemFaultName>): void {
    if (faults.has("prompt") && !this.#faults.has("prompt")) this.#writing = true;
    this.#faults = faults;
    this.#flood();
  }

  receive(bytes: Uint8Array): void {
    for (const octet of bytes) this.#take(octet);
  }

  /** Sends a line unasked. */
  say(text: string): void {
    if (this.#core?.running) this.#send(`\r\n${text}\r\n`);
  }

  stop(): void {
    this.#hush();
  }

  #hush(): void {
    this.#flooding?.cancel();
    this.#flooding = undefined;
    for (const timer of this.#late) timer.cancel();
    this.#late.clear();
  }

  #take(octet: number): void {
    const core = this.#core;
    if (core === undefined || !core.running || this.#faults.has("dead")) return;
    if (this.#writing) {
      // Inside a message everything is text, until it is sent or given up.
      if (octet !== ESCAPE && octet !== CTRL_Z) return;
      this.#writing = false;
      this.#send("\r\nOK\r\n");
      return;
    }
    if (octet === ESCAPE) {
      this.#typed = [];
      return;
    }
    if (core.echo) this.#send(String.fromCharCode(octet));
    if (octet !== CR) {
      if (this.#typed.length < LINE_LIMIT) this.#typed.push(octet);
      return;
    }
    const line = String.fromCharCode(...this.#typed).trim();
    this.#typed = [];
    if (line !== "") this.#answer(core, line);
  }

  #answer(core: ModemCore, line: string): void {
    const text = textOf(answerTo(core, line));
    if (!this.#faults.has("slow")) {
      this.#send(text);
      return;
    }
    const timer: Timer = this.#clock.after(this.#slowMs, () => {
      this.#late.delete(timer);
      this.#send(text);
    });
    this.#late.add(timer);
  }

  #send(text: string): void {
    if (this.#faults.has("dead")) return;
    let bytes: Uint8Array = Buffer.from(text, "latin1");
    if (this.#faults.has("garbage")) bytes = this.#random.bytes(bytes.length);
    if (this.#faults.has("half-lines")) bytes = bytes.subarray(0, Math.ceil(bytes.length / 2));
    if (this.#faults.has("no-line-ends")) bytes = bytes.filter((octet) => octet !== CR && octet !== 0x0a);
    this.#line?.write(bytes);
  }

  #flood(): void {
    this.#flooding?.cancel();
    if (!this.#faults.has("flood") || this.#line === undefined) return;
    const chunk = this.#random.bytes(FLOOD_CHUNK);
    const room = this.#line.write(
      this.#random.below(2) === 0 ? chunk : Buffer.from("+CREG: 2\r\n".repeat(400)),
    );
    // A host that does not read is poured nothing more for a while: this emulator's own memory is not the test.
    this.#flooding = this.#clock.after(room ? FLOOD_PAUSE_MS : FLOOD_PAUSE_MS * 20, () => this.#flood());
  }
}

function textOf(reply: Reply): string {
  if ("error" in reply) {
    return reply.error === "plain" ? "\r\nERROR\r\n" : `\r\n+CME ERROR: ${reply.error}\r\n`;
  }
  return [...reply, "OK"].map((line) => `\r\n${line}\r\n`).join("");
}
