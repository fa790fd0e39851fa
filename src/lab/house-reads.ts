import { namedObjects } from "../cli/gbcs/objects.ts";
import type { MessageHandler } from "../emulator/devices/device.ts";
import type { UseCase } from "../gbcs/catalogue/index.ts";
import type { BuiltCommand } from "../headend/command.ts";
import type { HeadEnd } from "../headend/head-end.ts";
import { judgeResponse } from "../headend/judge.ts";
import type { PartyStore } from "../headend/party-store.ts";
import { findUseCase } from "../headend/use-case.ts";
import { ESME } from "./demo-setup.ts";
import type { TrafficSource } from "./traffic-source.ts";

/** The field of the import register collection that the demo shows, in watt-hours. */
const ACTIVE_IMPORT = "active_import_value";

/** The head-end reads the meter's import registers (ECS17b), and the meter executes. */
export class HouseReads implements TrafficSource {
  readonly useCase = "ECS17b";
  /** Set when the meter is there. */
  answer: MessageHandler = () => undefined;
  readonly #headEnd: HeadEnd;
  readonly #parties: PartyStore;
  readonly #read: UseCase;
  #last: BuiltCommand | undefined;

  constructor(headEnd: HeadEnd, parties: PartyStore) {
    this.#headEnd = headEnd;
    this.#parties = parties;
    this.#read = findUseCase(this.useCase, "ESME");
  }

  command(): Uint8Array {
    this.#last = this.#headEnd.command({ useCase: this.#read, target: ESME, targetKind: "ESME", fields: {} });
    return this.#last.message;
  }

  read(response: Uint8Array): string | undefined {
    if (this.#last === undefined) return undefined;
    const judged = judgeResponse(response, this.#last, this.#parties);
    if (judged.is !== "answer") return undefined;
    const { payload } = this.#last;
    if (payload.format !== "DLMS" || payload.apdu.type !== "access-request") return undefined;
    const objects = namedObjects(judged.answer.message, this.#read, payload.apdu);
    const collection: unknown = objects[0]?.value;
    const register: unknown =
      typeof collection === "object" && collection !== null && Reflect.get(collection, ACTIVE_IMPORT);
    return typeof register === "number"
      ? `MAC verified, import register ${register / 1_000} kWh`
      : "MAC verified";
  }
}
