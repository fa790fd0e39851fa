import { CODE } from "../../chf/logs.ts";
import { CHF_SETTINGS } from "../../chf/ports.ts";
import type { AccessRequest, AccessResponse } from "../../gbcs/dlms/index.ts";
import { DLMS_SEEDERS } from "../conformance/execute/seeds.ts";
import { sameLog } from "./chf-books.ts";
import type { ChfHome } from "./chf-home.ts";

/** What the hub says of itself, against what it should be. */
export interface ReadingFigures {
  /** Entries of the event log that were compared, each Command's own among them. */
  eventLogEntries: number;
  /** Readings of the event log that did not come, or were not the last Commands each once and in order. */
  eventLogDiffers: number;
  /** The Device Log at the end by CCS06 and CCS07, and the Historic Device Log: those that are not the model's. */
  deviceLogDiffers: number;
  /** Devices in it at the end. */
  devicesAtEnd: number;
}

const EVER = { from: "2000-01-01T00:00:00Z", to: "2099-12-31T00:00:00Z" };
const ECS35C = 0x0093;
const CCS06 = 0x010f;
const CCS07 = 0x00fe;
const SETTLED_MS = 60_000;

/** Reads the hub's logs over the WAN and compares them with the Commands that it was sent. */
export class ChfReadings {
  readonly #home: ChfHome;
  #entries = 0;
  #eventLogDiffers = 0;
  #deviceLogDiffers = 0;

  constructor(home: ChfHome) {
    this.#home = home;
  }

  /** The event log has one entry for each Command: as the Response says, in order. Waits until all are answered. */
  async eventLog(ms: number): Promise<void> {
    await this.#home.settled(SETTLED_MS);
    const wanted = this.#home.books.orders.map(({ answer, command }) => {
      const code = answer?.failures.length === 0 ? CODE.hanCommandDone : CODE.hanCommandNotDone;
      return `${code} ${command.useCase.messageCode}`;
    });
    const said = await this.#home.read("ECS35c", EVER, ms);
    const entries = said && stateOf(ECS35C, said).eventLog;
    const last = wanted.slice(-CHF_SETTINGS.logEntries);
    const found = entries?.map(({ code, info }) => `${code} ${((info[0] ?? 0) << 8) | (info[1] ?? 0)}`);
    this.#entries += found?.length ?? 0;
    if (found === undefined || found.join() !== last.join()) this.#eventLogDiffers += 1;
  }

  async deviceLogs(ms: number): Promise<void> {
    const { log } = this.#home.model;
    for (const [useCase, code] of [
      ["CCS06", CCS06],
      ["CCS07", CCS07],
    ] as const) {
      const said = await this.#home.read(useCase, {}, ms);
      const { deviceLog, historicLog } = said === undefined ? {} : stateOf(code, said);
      const devices = deviceLog?.map(({ eui64 }) => eui64);
      // Devices that never joined leave no key behind.
      if (devices === undefined || !sameLog(devices, log) || (historicLog?.length ?? 0) > 0)
        this.#deviceLogDiffers += 1;
    }
  }

  figures(): ReadingFigures {
    return {
      eventLogEntries: this.#entries,
      eventLogDiffers: this.#eventLogDiffers,
      deviceLogDiffers: this.#deviceLogDiffers,
      devicesAtEnd: this.#home.model.log.length,
    };
  }
}

function stateOf(messageCode: number, said: { request: AccessRequest; response: AccessResponse }) {
  return DLMS_SEEDERS.get(messageCode)?.state(said) ?? {};
}
