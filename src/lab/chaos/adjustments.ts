import type { Clock } from "../../base/clock.ts";
import type { EmulatedDevice, MessageHandler } from "../../emulator/devices/device.ts";
import { attachMeter } from "../../emulator/devices/esme/attach.ts";
import type { ExecutingMeter } from "../../emulator/devices/esme/meter.ts";
import { buildCommand } from "../../headend/command.ts";
import type { PartyStore } from "../../headend/party-store.ts";
import { findUseCase } from "../../headend/use-case.ts";
import { executingMeter } from "../executing-meter.ts";
import { MemoryCounters } from "./memory-counters.ts";

/**
 * Commands that show when one is executed twice: each adds one to the balance of a meter (ECS04a), which executes what
 * its keys and counters allow. Signed by the supplier, MACed by the Access Control Broker.
 */
export class BalanceAdjustments implements Disposable {
  readonly #parties: PartyStore;
  readonly #counters: MemoryCounters;
  readonly #device: EmulatedDevice;
  readonly #meter: ExecutingMeter;
  readonly #execute: MessageHandler;
  readonly #useCase = findUseCase("ECS04a", "ESME");

  constructor(parties: PartyStore, device: EmulatedDevice, clock: Clock, seed: number) {
    this.#parties = parties;
    this.#device = device;
    this.#counters = new MemoryCounters(clock);
    this.#meter = executingMeter(parties, device.eui64, clock, { seed });
    attachMeter(device, this.#meter);
    this.#execute = device.messageHandler;
  }

  /** The next Command. */
  command(): Uint8Array {
    const fields = { update_amount: 1 };
    const target = this.#device.eui64;
    const order = { useCase: this.#useCase, target, targetKind: "ESME", fields } as const;
    return buildCommand(order, this.#parties, this.#counters).message;
  }

  /** The meter's Response to a Command that it executes; undefined to one that it refuses. */
  async execute(command: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#execute(command);
  }

  /** How often a Command was executed. */
  get balance(): number {
    return this.#meter.parts.account.now.balance;
  }

  [Symbol.dispose](): void {
    this.#meter.stop();
  }
}
