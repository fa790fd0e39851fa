import { constants, type FSWatcher, watch } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Mains } from "./power-state.ts";

export interface MainsFileSettings {
  /** A GPIO line's value file, a power supply's `online` file, or the status file of a UPS service. */
  readonly path: string;
  /** What its text matches while mains is there, and while it is not; neither or both is `unknown`. */
  readonly present: RegExp;
  readonly lost: RegExp;
  /** How often it is read where nobody says that it has changed (sysfs never does), in milliseconds. */
  readonly pollMs: number;
  /** How long it must show the same before that is believed, in milliseconds. */
  readonly settleMs: number;
}

/** No GPIO line or status file is longer; what is longer is read up to here. */
const READ_OCTETS = 4_096;

/** The mains input: a small file, watched. Tells every settled change, and the first reading. */
export class MainsFile {
  readonly #settings: MainsFileSettings;
  readonly #clock: Clock;
  readonly #log: Log;
  #listener: (mains: Mains) => void = () => {};
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #running = false;
  #idle = false;
  /** The file has changed since its reading began. */
  #stirred = false;
  #seen: Mains | undefined;
  #told: Mains | undefined;

  constructor(settings: MainsFileSettings, clock: Clock, log: Log) {
    this.#settings = settings;
    this.#clock = clock;
    this.#log = log;
  }

  start(listener: (mains: Mains) => void): void {
    this.#listener = listener;
    this.#running = true;
    this.#watch();
    this.#readAfter(0);
  }

  stop(): void {
    this.#running = false;
    this.#watcher?.close();
    this.#timer?.cancel();
  }

  /** Watches the folder, because services replace the file; without a watch the interval still finds out. */
  #watch(): void {
    const { path } = this.#settings;
    const lost = (error: unknown) => {
      this.#watcher?.close();
      this.#log.debug(
        { path, err: error },
        "the mains input cannot be watched and is only read at intervals",
      );
    };
    try {
      this.#watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === basename(path)) this.#stir();
      });
      this.#watcher.on("error", lost);
    } catch (error) {
      lost(error);
    }
  }

  /** Only the wait for the interval is cut short, or a file that changes all the time would never be read. */
  #stir(): void {
    if (this.#idle) this.#readAfter(this.#settings.settleMs);
    else this.#stirred = true;
  }

  #readAfter(ms: number): void {
    if (!this.#running) return;
    this.#idle = ms > this.#settings.settleMs;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ms, () => {
      this.#idle = false;
      this.#stirred = false;
      void this.#read().then((mains) => this.#saw(mains));
    });
  }

  #saw(mains: Mains): void {
    if (!this.#running) return;
    const { pollMs, settleMs } = this.#settings;
    const settled = mains === this.#seen;
    this.#seen = mains;
    this.#readAfter(settled && !this.#stirred ? pollMs : settleMs);
    if (!settled || mains === this.#told) return;
    if (mains === "unknown")
      this.#log.warn({ path: this.#settings.path }, "the mains input cannot be read or understood");
    this.#told = mains;
    this.#listener(mains);
  }

  async #read(): Promise<Mains> {
    const { path, present, lost } = this.#settings;
    try {
      // A pipe that nobody writes to must not hold the hub up.
      await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_OCTETS), 0, READ_OCTETS, null);
      const text = buffer.toString("latin1", 0, bytesRead).trim();
      const [isPresent, isLost] = [present.test(text), lost.test(text)];
      if (isPresent === isLost) return "unknown";
      return isLost ? "lost" : "present";
    } catch {
      return "unknown";
    }
  }
}
