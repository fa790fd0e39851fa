import type { Clock } from "../base/clock.ts";
import type { UndeliveredCommand } from "../base/routing.ts";
import type { ReceiptReason } from "../base/uplink.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import { AlertAllowance } from "./alert-allowance.ts";
import type { ChfAlerts } from "./alerts.ts";
import type { ChfSettings } from "./ports.ts";
import type { ChfRepository } from "./repository.ts";

export interface UndeliveredPorts {
  readonly deviceLog: DeviceLog;
  readonly repository: ChfRepository;
  readonly alerts: ChfAlerts;
  readonly clock: Clock;
}

const COMMAND = 1;
/** Fact in the store: the last Command in blocks that was reported. */
const IN_BLOCKS = "undeliveredInBlocks";

/**
 * Alerts 0x8F84 about Commands that could not be delivered to an ESME (communications-hub A4.7), one for each: the
 * blocks of a large one fail one after the other. Joins the store transaction that is open.
 */
export class UndeliveredCommands {
  readonly #settings: ChfSettings["undelivered"];
  readonly #ports: UndeliveredPorts;
  readonly #allowance: AlertAllowance;

  constructor(settings: ChfSettings["undelivered"], ports: UndeliveredPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#allowance = new AlertAllowance(ports.clock, settings.perHour);
  }

  /** What is for another kind of device, is no Command, or has an alert of its own (0x8F2C) raises none. */
  report(command: UndeliveredCommand, reason: ReceiptReason): void {
    const { deviceLog, alerts } = this.#ports;
    if (command.cra !== COMMAND || reason === "suspended") return;
    if (deviceLog.entry(command.target)?.kind !== "esme" || this.#isReported(command)) return;
    if (this.#allowance.take()) alerts.undelivered(command, this.#settings);
  }

  #isReported({ form, originator, target, counter }: UndeliveredCommand): boolean {
    if (form === "message") return false;
    const { repository } = this.#ports;
    const name = `${originator} ${target} ${counter}`;
    if (repository.fact(IN_BLOCKS) === name) return true;
    repository.setFact(IN_BLOCKS, name);
    return false;
  }
}
