import type { Clock } from "../base/clock.ts";
import type { ClockStateSource } from "../base/clock-state.ts";
import { HanwayError } from "../base/error.ts";
import type { Log } from "../base/log.ts";
import type { Store } from "../store/store.ts";
import { Alarm } from "./alarm.ts";
import { Attempt } from "./attempt.ts";
import { type Job, JobTable, type StoredJob } from "./job-table.ts";
import { backOff, SCHEDULER_SETTINGS, type SchedulerSettings } from "./settings.ts";

/** What a handler leaves to do. */
export interface Completion {
  /** Runs in the transaction that removes the job: its writes and the removal are on disk together, exactly once. */
  commit?(): void;
  /** Runs after that commit, at most once: never again when the hub ends meanwhile. */
  after?(): void;
}

/**
 * Does a job. What it does itself happens at least once: a hub that ends before the job is removed does it again after
 * the start, as does one whose handler throws or rejects. `signal` aborts when the attempt takes too long or the hub stops.
 */
export type JobHandler = (job: Job, signal: AbortSignal) => Completion | Promise<Completion>;

export interface KindOptions {
  /** Attempts after which a job of this kind is given up. */
  readonly attempts?: number;
  /** Nothing of this kind runs while the hub's clock was never set: for what is promised to a time of day. */
  readonly needsTime?: boolean;
  /** Runs in the transaction that removes a job given up. */
  readonly gaveUp?: (job: Job) => void;
}

/** `full` and `too-large` store nothing. */
export type Scheduling = "scheduled" | "replaced" | "full" | "too-large";

export interface SchedulerPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly clockState: ClockStateSource;
  readonly log: Log;
}

/** A job that so many starts have found in front may be what ends the hub: from then on each try is counted before it. */
const SUSPECT = 2;

interface Kind extends KindOptions {
  readonly name: string;
  readonly handler: JobHandler;
  /** Under way. */
  attempt: { readonly attempt: Attempt<Completion>; readonly suspect: boolean } | undefined;
}

/**
 * Durable jobs, each run at its time in UTC and then removed. One timer is set for the job due next; nothing polls. Jobs
 * of one kind run one after another, by due time and then by age as long as none fails; kinds do not wait for each other.
 */
export class Scheduler {
  readonly #ports: SchedulerPorts;
  readonly #settings: SchedulerSettings;
  readonly #table: JobTable;
  readonly #kinds = new Map<string, Kind>();
  readonly #alarm: Alarm;
  #running = false;
  #changed = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(ports: SchedulerPorts, settings: SchedulerSettings = SCHEDULER_SETTINGS) {
    this.#ports = ports;
    this.#settings = settings;
    this.#table = new JobTable(ports.store);
    this.#alarm = new Alarm(ports.clock, () => this.#look());
    ports.store.watch({
      committed: () => {
        if (!this.#changed) return;
        this.#changed = false;
        this.#arm();
      },
      rolledBack: () => {},
    });
  }

  /** Names who does the jobs of a kind; before `start`. */
  register(name: string, handler: JobHandler, options: KindOptions = {}): void {
    if (this.#kinds.has(name)) throw new HanwayError("internal", `job kind ${name} is registered twice`);
    this.#kinds.set(name, { ...options, name, handler, attempt: undefined });
  }

  /**
   * Stores a job, in the caller's transaction where one is open; it replaces one of the same kind and key. Throws
   * `encode/value` for a due time that is no whole number.
   */
  put(job: Job): Scheduling {
    if (!Number.isSafeInteger(job.due))
      throw new HanwayError("encode/value", "a job's time is no whole number of milliseconds", {
        field: "due",
      });
    if (job.payload.length > this.#settings.payload) return "too-large";
    return this.#ports.store.transaction(() => {
      const replaced = this.#table.cancel(job.kind, job.key);
      if (!replaced && this.#table.count() >= this.#settings.jobs) return "full";
      this.#table.insert(job);
      this.#changed = true;
      return replaced ? "replaced" : "scheduled";
    });
  }

  /** Whether there was such a job. One that is running is cancelled too: its `commit` and `after` will not run. */
  cancel(kind: string, key: string): boolean {
    return this.#ports.store.transaction(() => {
      this.#changed = true;
      return this.#table.cancel(kind, key);
    });
  }

  find(kind: string, key: string): Job | undefined {
    return this.#table.find(kind, key);
  }

  /** All pending jobs of a kind, the one due first at the front. */
  pending(kind: string): Job[] {
    return this.#table.ofKind(kind);
  }

  /** Runs what fell due while the hub was off, then everything at its time. */
  start(): void {
    this.#running = true;
    for (const kind of this.#kinds.values()) this.#countStart(kind);
    for (const [kind, count] of this.#table.counts())
      if (!this.#kinds.has(kind)) this.#ports.log.warn({ kind, count }, "stored jobs that nobody does");
    this.#arm();
  }

  /** Starts nothing more and gives up what runs; it is done again after the next start. */
  stop(): void {
    this.#running = false;
    this.#alarm.cancel();
    for (const kind of this.#kinds.values()) kind.attempt?.attempt.abandon();
  }

  /** To be called whenever the clock has stepped or its state has changed: timers are set anew. */
  clockChanged(): void {
    this.#arm();
  }

  /** A job that ends the hub is in front at every start: it is tried later each time, and in the end given up. */
  #countStart(kind: Kind): void {
    const now = this.#ports.clock.now();
    const job = this.#table.first(kind.name);
    if (job === undefined || job.next > now) return;
    if (job.starts >= this.#settings.starts) {
      const fields = { kind: kind.name, key: job.key, starts: job.starts };
      this.#ports.log.error(fields, "a job was not done in too many starts and is given up");
      this.#giveUp(kind, job);
    } else if (job.starts === 0) {
      this.#table.countStart(job.place, 1, job.next);
    } else {
      const wait = Math.min(this.#settings.startWaitMaxMs, backOff(job.starts, this.#settings));
      this.#table.countStart(job.place, Math.max(job.starts, SUSPECT), now + wait);
    }
  }

  #arm(): void {
    if (!this.#running) return;
    let next = Number.POSITIVE_INFINITY;
    for (const kind of this.#kinds.values()) next = Math.min(next, this.#front(kind)?.next ?? next);
    const pause = this.#pausedUntil - this.#ports.clock.elapsed();
    if (pause > 0) next = Math.max(next, this.#ports.clock.now() + pause);
    if (next === Number.POSITIVE_INFINITY) this.#alarm.cancel();
    else this.#alarm.set(next);
  }

  /** The next job of a kind, where nothing but its time keeps it from running. */
  #front(kind: Kind): StoredJob | undefined {
    if (kind.attempt !== undefined) return undefined;
    if (kind.needsTime === true && this.#ports.clockState().state === "invalid") return undefined;
    const job = this.#table.first(kind.name);
    if (job === undefined || job.starts < SUSPECT) return job;
    // Suspects run one at a time, or one that ends the hub would take the blameless with it every time.
    return [...this.#kinds.values()].some((other) => other.attempt?.suspect) ? undefined : job;
  }

  /** Runs what is due, a job of each kind in turn, until the turn is used up. */
  #look(): void {
    try {
      let left = this.#settings.turn;
      for (let ran = true; ran && left > 0; ) {
        ran = false;
        for (const kind of this.#kinds.values()) {
          if (!this.#running || this.#isPaused()) break;
          const job = this.#front(kind);
          if (job === undefined || job.next > this.#ports.clock.now()) continue;
          this.#run(kind, job);
          ran = true;
          left -= 1;
        }
      }
    } catch (error) {
      this.#pause(error);
    }
    this.#arm();
  }

  #run(kind: Kind, job: StoredJob): void {
    const suspect = job.starts >= SUSPECT;
    if (suspect) this.#table.countStart(job.place, job.starts + 1, job.next);
    const attempt = new Attempt<Completion>(this.#ports.clock, this.#settings.attemptMs, {
      done: (completion) => {
        kind.attempt = undefined;
        this.#finish(kind, job, completion);
      },
      failed: (error) => {
        kind.attempt = undefined;
        this.#fail(kind, job, error);
      },
      later: () => this.#arm(),
    });
    kind.attempt = { attempt, suspect };
    attempt.start((signal) => kind.handler(job, signal));
  }

  #finish(kind: Kind, job: StoredJob, completion: Completion): void {
    let removed: boolean;
    try {
      removed = this.#ports.store.transaction(() => {
        const there = this.#table.remove(job.place);
        if (there) completion.commit?.();
        return there;
      });
    } catch (error) {
      this.#fail(kind, job, error);
      return;
    }
    if (!removed) return;
    try {
      completion.after?.();
    } catch (error) {
      this.#ports.log.error({ kind: kind.name, key: job.key, err: error }, "a job failed after its commit");
    }
  }

  #fail(kind: Kind, job: StoredJob, error: unknown): void {
    const attempts = job.attempts + 1;
    const last = attempts >= (kind.attempts ?? this.#settings.attempts);
    const fields = { kind: kind.name, key: job.key, attempts, err: error };
    if (last) this.#ports.log.error(fields, "a job failed and is given up");
    else this.#ports.log.warn(fields, "a job failed and is tried again");
    try {
      if (last) this.#giveUp(kind, job);
      else this.#table.postpone(job.place, this.#ports.clock.now() + backOff(attempts, this.#settings));
    } catch (cause) {
      this.#pause(cause);
    }
  }

  #giveUp(kind: Kind, job: StoredJob): void {
    try {
      this.#ports.store.transaction(() => {
        if (this.#table.remove(job.place)) kind.gaveUp?.(job);
      });
    } catch (error) {
      this.#ports.log.error({ kind: kind.name, key: job.key, err: error }, "giving up a job failed");
      // Tried again like a failure, so that what has to be said is said once the store takes it.
      this.#table.postpone(job.place, this.#ports.clock.now() + backOff(job.attempts + 1, this.#settings));
    }
  }

  #isPaused(): boolean {
    return this.#ports.clock.elapsed() < this.#pausedUntil;
  }

  /** The store takes nothing: without a pause the same job would be due again at once. */
  #pause(error: unknown): void {
    this.#pausedUntil = this.#ports.clock.elapsed() + this.#settings.pauseMs;
    this.#ports.log.error({ err: error }, "the scheduler cannot write and pauses");
  }
}
