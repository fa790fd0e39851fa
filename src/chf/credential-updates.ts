import { concatBytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { ClockStateSource } from "../base/clock-state.ts";
import { HanwayError } from "../base/error.ts";
import { eui64FromBytes, eui64ToBytes } from "../base/eui64.ts";
import type { UpdateCredentialsOutcome } from "../gbcs/asn1/index.ts";
import { CANCEL_AT, FutureDated, type FutureDatedCommand } from "../scheduler/future-dated.ts";
import type { Scheduler } from "../scheduler/scheduler.ts";
import type { ChfAlerts } from "./alerts.ts";
import {
  type CredentialsUpdate,
  nothingReplaced,
  type Replacement,
  replacementOf,
} from "./credential-replacement.ts";
import { type ChfLogs, CODE } from "./logs.ts";
import type { ChfSettings } from "./ports.ts";
import type { ChfRepository } from "./repository.ts";
import type { TrustAnchors } from "./trust-anchors.ts";
import { updateOf, updateResponse } from "./use-cases/update-credentials.ts";

export interface CredentialUpdatePorts {
  readonly repository: ChfRepository;
  readonly logs: ChfLogs;
  readonly alerts: ChfAlerts;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly clockState: ClockStateSource;
  readonly settings: ChfSettings;
}

/** What a CS02b Command comes to: the Response's content, and what is written with it. */
export interface UpdateFinish {
  readonly content: Uint8Array;
  readonly success: boolean;
  readonly writes: readonly (() => void)[];
}

/** Name of the CHF among those whose Commands may be dated. */
const CHF = "chf";

/**
 * CS02b on the CHF: at once, or at the time that the Command names, with the alert 0x8F66 or 0x8F67 then. One Command of
 * each mode may wait; the next one of that mode replaces it, or cancels it by the time 9999-12-31T23:59:59Z.
 */
export class CredentialUpdates {
  readonly #anchors: TrustAnchors;
  readonly #ports: CredentialUpdatePorts;
  readonly #dated: FutureDated<undefined, UpdateCredentialsOutcome>;

  /** Before the scheduler starts. */
  constructor(anchors: TrustAnchors, ports: CredentialUpdatePorts) {
    this.#anchors = anchors;
    this.#ports = ports;
    this.#dated = new FutureDated(CHF, ports.scheduler, ports.clock, {
      prepare: async () => undefined,
      execute: (waiting) => {
        const replacement = this.#replacement(readWaiting(waiting));
        this.#apply(replacement);
        return { success: replacement.success, result: replacement.outcome };
      },
      report: (waiting, { alertCode, at, result }) => {
        const update = readWaiting(waiting);
        this.#ports.logs.event(alertCode);
        const outcome = result ?? nothingReplaced(update, anchors);
        this.#ports.alerts.credentialsUpdated(update.originator, { alertCode, at, outcome });
      },
    });
  }

  /** Without changing anything: changes are in `writes`. `content` is the Command's own. */
  finish(update: CredentialsUpdate, content: Uint8Array): UpdateFinish {
    const { executionTime } = update.command;
    const slot = `CS02b ${update.mode.mode}`;
    const at = executionTime === undefined ? undefined : executionTime * 1_000;
    if (at === CANCEL_AT) return later(() => this.#dated.cancel(slot));
    if (at === undefined || this.#hasPassed(at)) return this.#now(update);
    const command = concatBytes(
      eui64ToBytes(update.originator),
      Uint8Array.of(update.messageCode >> 8, update.messageCode & 0xff),
      content,
    );
    return later(() => {
      const scheduling = this.#dated.accept({ slot, executeAt: at, command });
      if (scheduling === "full" || scheduling === "too-large")
        throw new HanwayError("internal", `a dated Command cannot wait: ${scheduling}`);
    });
  }

  /** A clock that was never set has seen no time pass. */
  #hasPassed(unixMs: number): boolean {
    const { clock, clockState } = this.#ports;
    return clockState().state !== "invalid" && unixMs <= clock.now();
  }

  #now(update: CredentialsUpdate): UpdateFinish {
    const { revision } = this.#anchors;
    const replacement = this.#replacement(update);
    const write = () => {
      if (this.#anchors.revision !== revision)
        throw new HanwayError("internal", "the credentials changed while they were to be replaced");
      this.#apply(replacement);
    };
    return {
      content: updateResponse(replacement.outcome),
      success: replacement.success,
      writes: [write],
    };
  }

  #replacement(update: CredentialsUpdate): Replacement {
    const { repository, clock, clockState, settings } = this.#ports;
    return replacementOf(update, {
      anchors: this.#anchors,
      counterOf: (role) => repository.counter(role),
      reliableTime: clockState().state === "reliable" ? clock.now() : undefined,
      lowersCounters: settings.lowersCounters,
    });
  }

  /** In the transaction that is open. */
  #apply({ anchors, counters }: Replacement): void {
    for (const anchor of anchors) this.#anchors.replace(anchor);
    for (const [role, counter] of counters) this.#ports.repository.setCounter(role, counter);
    if (anchors.length > 0) this.#ports.logs.security(CODE.credentialsUpdated);
  }
}

function later(write: () => void): UpdateFinish {
  return { content: updateResponse(undefined), success: true, writes: [write] };
}

/** A Command that waits is stored as its originator, its message code and its payload. */
function readWaiting({ command }: FutureDatedCommand): CredentialsUpdate {
  const messageCode = new DataView(command.buffer, command.byteOffset).getUint16(8);
  const update = updateOf(messageCode, eui64FromBytes(command.subarray(0, 8)), command.subarray(10));
  if (update === undefined) throw new HanwayError("internal", "no mode of CS02b waits under this code");
  return update;
}
