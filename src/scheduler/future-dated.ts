import type { Clock } from "../base/clock.ts";
import type { Job } from "./job-table.ts";
import type { Scheduler, Scheduling } from "./scheduler.ts";

/** Alert codes that tell the outcome of a future-dated Command (GBCS Table 16.2). */
export const FUTURE_DATED_EXECUTED = 0x8f66;
export const FUTURE_DATED_FAILED = 0x8f67;

/** The execution time 9999-12-31T23:59:59Z, which cancels the pending Command instead of dating a new one (DER forms). */
export const CANCEL_AT = Date.UTC(9999, 11, 31, 23, 59, 59);

/** A Command, or one part of it, that is to take effect later. */
export interface FutureDatedCommand {
  /** What it takes effect on: one Command is pending for each, a newer one replaces it. */
  readonly slot: string;
  /** Unix milliseconds, UTC. */
  readonly executeAt: number;
  /** Whatever execution and alert need, as the Command's owner encodes it. */
  readonly command: Uint8Array;
}

export interface Execution<Result> {
  readonly success: boolean;
  readonly result: Result;
}

export interface FutureDatedOutcome<Result> {
  readonly alertCode: typeof FUTURE_DATED_EXECUTED | typeof FUTURE_DATED_FAILED;
  /** When it was executed, Unix milliseconds. */
  readonly at: number;
  /** Undefined where execution threw or its preparation failed at every attempt. */
  readonly result: Result | undefined;
}

export interface FutureDatedOwner<Prepared, Result> {
  /** Calls whose results the execution needs. At least once: must be harmless when repeated. */
  prepare(command: FutureDatedCommand, signal: AbortSignal): Promise<Prepared>;
  /** Takes effect, in the transaction that ends the waiting. Must not wait. */
  execute(command: FutureDatedCommand, prepared: Prepared): Execution<Result>;
  /** Puts the alert (and the log entry) on its way in that same transaction: once for every Command that was not cancelled. */
  report(command: FutureDatedCommand, outcome: FutureDatedOutcome<Result>): void;
}

/** Attempts before a Command counts as failed: seconds, so that the alert is not late. */
const ATTEMPTS = 5;

/**
 * Future-dated Commands of one logical device. Effect, alert and the end of the waiting are one transaction, so that a
 * Command takes effect once and is told of once, whenever the hub is cut off and however its clock is set. None takes
 * effect while the clock was never set; one whose time has passed does so as soon as the hub runs.
 */
export class FutureDated<Prepared, Result> {
  readonly #kind: string;
  readonly #scheduler: Scheduler;

  /** `device` keeps the Commands of several owners apart, such as `chf` and `gpf`. */
  constructor(device: string, scheduler: Scheduler, clock: Clock, owner: FutureDatedOwner<Prepared, Result>) {
    this.#kind = `future-dated:${device}`;
    this.#scheduler = scheduler;
    scheduler.register(
      this.#kind,
      async (job, signal) => {
        const command = commandOf(job);
        const prepared = await owner.prepare(command, signal);
        return {
          commit: () => {
            const { success, result } = owner.execute(command, prepared);
            const alertCode = success ? FUTURE_DATED_EXECUTED : FUTURE_DATED_FAILED;
            owner.report(command, { alertCode, at: clock.now(), result });
          },
        };
      },
      {
        attempts: ATTEMPTS,
        needsTime: true,
        gaveUp: (job) =>
          owner.report(commandOf(job), {
            alertCode: FUTURE_DATED_FAILED,
            at: clock.now(),
            result: undefined,
          }),
      },
    );
  }

  /** Stores the Command, in the transaction of the caller where one is open. */
  accept({ slot, executeAt, command }: FutureDatedCommand): Scheduling {
    return this.#scheduler.put({ kind: this.#kind, key: slot, due: executeAt, payload: command });
  }

  /** Whether one was pending. It will neither take effect nor be told of. */
  cancel(slot: string): boolean {
    return this.#scheduler.cancel(this.#kind, slot);
  }

  /** What is pending, the next to take effect first. */
  pending(): FutureDatedCommand[] {
    return this.#scheduler.pending(this.#kind).map(commandOf);
  }
}

function commandOf(job: Job): FutureDatedCommand {
  return { slot: job.key, executeAt: job.due, command: job.payload };
}
