import { createRequire } from "node:module";
import { ALERT_BODIES } from "./alert-bodies.ts";
import type { DlmsTemplate, GbzTemplate, Service, UseCase } from "./types.ts";

// Read when first asked for: most commands of the CLI never need the large tables.
const read = createRequire(import.meta.url);

let useCaseTable: readonly UseCase[] | undefined;
let byMessageCode: ReadonlyMap<number, readonly UseCase[]> | undefined;
let dlmsTable: Readonly<Record<string, DlmsTemplate>> | undefined;
let gbzTable: Readonly<Record<string, GbzTemplate>> | undefined;
let serviceTable: readonly Service[] | undefined;

/** Every use case, by message code. */
export function useCases(): readonly UseCase[] {
  useCaseTable ??= read("./data/use-cases.json") as readonly UseCase[];
  return useCaseTable;
}

/** Use cases of each message code. */
export function useCasesOfCodes(): ReadonlyMap<number, readonly UseCase[]> {
  if (byMessageCode !== undefined) return byMessageCode;
  const map = new Map<number, UseCase[]>();
  for (const useCase of useCases()) {
    if (useCase.messageCode === null) continue;
    const list = map.get(useCase.messageCode);
    if (list === undefined) map.set(useCase.messageCode, [useCase]);
    else list.push(useCase);
  }
  byMessageCode = map;
  return map;
}

/** What a DLMS use case carries, by its code; undefined for other formats and where nothing is known. */
export function dlmsTemplate(code: string): DlmsTemplate | undefined {
  const alert = Object.hasOwn(ALERT_BODIES, code) ? ALERT_BODIES[code] : undefined;
  if (alert !== undefined) return { alert };
  dlmsTable ??= read("./data/dlms.json") as Readonly<Record<string, DlmsTemplate>>;
  return Object.hasOwn(dlmsTable, code) ? dlmsTable[code] : undefined;
}

/** What a GBZ use case carries, by its code. */
export function gbzTemplate(code: string): GbzTemplate | undefined {
  gbzTable ??= read("./data/gbz.json") as Readonly<Record<string, GbzTemplate>>;
  return Object.hasOwn(gbzTable, code) ? gbzTable[code] : undefined;
}

/** The service requests of the DCC User Interface, by reference variant. */
export function services(): readonly Service[] {
  serviceTable ??= read("./data/services.json") as readonly Service[];
  return serviceTable;
}
