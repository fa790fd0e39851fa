import type { Clock } from "../base/clock.ts";
import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { Log } from "../base/log.ts";
import type { HanEvent } from "../han/ports.ts";
import { EventAllowance, type EventLimits } from "./event-allowance.ts";
import { type ChfLogs, CODE } from "./logs.ts";

export interface HanEventLogPorts {
  readonly logs: ChfLogs;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What of the home network belongs into the CHF Event Log: a device that joined (A2.16), tunnels refused (A5.5). Which
 * device it was is in the hub's own log: no entry with more than a message code for data has been published.
 */
export class HanEventLog {
  readonly #ports: HanEventLogPorts;
  readonly #allowance: EventAllowance;
  /** Devices that were sent the network key and are not in yet. One that resumes after a restart has not joined. */
  readonly #joining = new Set<Eui64>();

  constructor(limits: EventLimits, ports: HanEventLogPorts) {
    this.#ports = ports;
    this.#allowance = new EventAllowance(ports.clock, limits);
  }

  heard(event: HanEvent): void {
    switch (event.type) {
      case "event":
        this.#note(event.code, event.device);
        return;
      case "join-step":
        if (event.step === "associated") this.#joining.add(event.device);
        return;
      case "joined":
        if (this.#joining.delete(event.device)) this.#note(CODE.deviceJoined, event.device);
        return;
      case "join-failed":
        if (event.failure.final) this.#joining.delete(event.device);
        return;
      case "left":
        this.#joining.delete(event.device);
        return;
    }
  }

  /** Nothing on the HAN waits for the event log, so a disk that takes nothing costs the entry. */
  #note(code: number, device: Eui64): void {
    const { logs, log } = this.#ports;
    if (!this.#allowance.take(code, device)) {
      log.debug({ device, event: code }, "too many of these: not in the event log");
      return;
    }
    try {
      logs.event(code);
    } catch (error) {
      if (!(error instanceof HanwayError)) throw error;
      log.error({ err: error, device, event: code }, "the event log could not be written");
    }
  }
}
