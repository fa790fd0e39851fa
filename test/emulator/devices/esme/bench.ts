import { ManualClock } from "../../../../src/base/clock.ts";
import { type NamedObject, namedObjects } from "../../../../src/cli/gbcs/objects.ts";
import type { ExecutingMeter } from "../../../../src/emulator/devices/esme/meter.ts";
import { readAddress } from "../../../../src/gbcs/address.ts";
import { type BuiltCommand, buildCommand } from "../../../../src/headend/command.ts";
import { judgeResponse } from "../../../../src/headend/judge.ts";
import { findUseCase } from "../../../../src/headend/use-case.ts";
import { executingMeter, type MeterWishes } from "../../../../src/lab/executing-meter.ts";
import { countFrom, ESME, testParties } from "../../../headend/parties.ts";

export const NOON = Date.UTC(2026, 5, 1, 12);
export const PARTIES = testParties();

/** A meter with keys of a test PKI, and the head-end's side of its messages. */
export class MeterBench {
  readonly clock = new ManualClock(NOON);
  readonly meter: ExecutingMeter;
  readonly #counters = countFrom(1n);
  /** Everything that the meter sent. */
  readonly sent: Uint8Array[] = [];

  constructor(wishes: Partial<MeterWishes> = {}) {
    this.meter = executingMeter(PARTIES, ESME, this.clock, { seed: 7, ...wishes });
    this.meter.output = (message) => this.sent.push(message);
  }

  command(
    useCase: string,
    fields: Record<string, unknown> = {},
    more: { as?: string; force?: boolean; viaBroker?: boolean } = {},
  ): BuiltCommand {
    const order = {
      useCase: findUseCase(useCase, "ESME"),
      target: ESME,
      targetKind: "ESME" as const,
      fields,
      ...more,
    };
    return buildCommand(order, PARTIES, this.#counters);
  }

  /** Executes; the Response judged by the head-end. Undefined where there is none. */
  send(command: BuiltCommand, octets = command.message) {
    const before = this.sent.length;
    this.meter.receive(octets);
    const response = this.sent.slice(before).find((message) => this.#isResponse(message));
    if (response === undefined) return undefined;
    const judged = judgeResponse(response, command, PARTIES);
    if (judged.is !== "answer") throw new Error(`the Response is ${judged.is}: ${judged.reason}`);
    return judged.answer;
  }

  /** The values of a DLMS use case's Response, by name. */
  read(useCase: string, fields: Record<string, unknown> = {}, as?: string): readonly NamedObject[] {
    const command = this.command(useCase, fields, as === undefined ? {} : { as });
    const answer = this.send(command);
    if (answer === undefined) throw new Error(`${useCase} was not answered`);
    const request = command.payload.format === "DLMS" ? command.payload.apdu : undefined;
    const asked = request?.type === "access-request" ? request : undefined;
    return namedObjects(answer.message, command.useCase, asked);
  }

  /** Alerts sent so far, by message code. */
  alerts(): number[] {
    return this.sent.flatMap((message) => {
      const address = readAddress(message);
      return "refused" in address || address.cra !== 3 ? [] : [address.messageCode];
    });
  }

  securityCodes(): number[] {
    return this.meter.parts.securityLog.entries.map(({ code }) => code);
  }

  #isResponse(message: Uint8Array): boolean {
    const address = readAddress(message);
    return !("refused" in address) && address.cra === 2;
  }
}
