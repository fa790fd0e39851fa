import { HanwayError } from "../../base/error.ts";
import { type AccessRequest, type Data, obisText, type TypeDescription } from "../../gbcs/dlms/index.ts";
import * as args from "../arguments.ts";
import type { ChfReads } from "../ports.ts";
import type { LogName } from "../repository.ts";
import { type DlmsUseCase, done, inOrder } from "../use-case.ts";

/** Selective access by the time of an entry. */
const BY_RANGE = 1;
const CAPTURE_TIME_OBIS = "0-0:94.44.100.255";

const EVENT_ENTRY: TypeDescription = {
  type: "structure",
  elements: [{ type: "u32" }, { type: "u16" }, { type: "octet-string" }],
};
const SECURITY_ENTRY: TypeDescription = { type: "structure", elements: [{ type: "u32" }, { type: "u16" }] };

/** ECS35c Read CHF Event Log. */
export function readEventLog(logs: ChfReads["logs"]): DlmsUseCase {
  return readLog(logs, "event", 0x0093, "0-0:99.98.0.255");
}

/** ECS35d Read CHF Security Log. */
export function readSecurityLog(logs: ChfReads["logs"]): DlmsUseCase {
  return readLog(logs, "security", 0x0094, "0-0:99.98.1.255");
}

function readLog(logs: ChfReads["logs"], log: LogName, messageCode: number, obis: string): DlmsUseCase {
  return {
    messageCodes: [messageCode],
    targets: [{ operation: "get", classId: 7, obis, index: 2, selected: true }],
    begin: (request) => {
      const { from, to } = readRange(request);
      const read = (): Data => ({
        type: "compact-array",
        element: log === "event" ? EVENT_ENTRY : SECURITY_ENTRY,
        value: logs.read(log, from, to).map(({ time, code, info }): Data => {
          const entry: Data[] = [
            { type: "u32", value: time },
            { type: "u16", value: code },
          ];
          if (log === "event") entry.push({ type: "octet-string", value: info });
          return { type: "structure", value: entry };
        }),
      });
      return { execute: () => ({ outcomes: inOrder([() => done(read())]), writes: [] }) };
    },
  };
}

/** From and to of a range descriptor over the time column, both included, in seconds since 2000-01-01. */
function readRange({ specifications }: AccessRequest): { from: number; to: number } {
  const field = "selection";
  const selection = specifications[0]?.selection;
  if (selection?.selector !== BY_RANGE) throw new HanwayError("decode/value", "selector 1 wanted", { field });
  const [column, from, to, columns] = args.members(selection.parameters, 4, field);
  if (column === undefined) throw new HanwayError("decode/value", "missing", { field });
  const [, obis] = args.members(column, 4, `${field}.column`);
  if (obisText(args.octets(obis, [6], `${field}.column`)) !== CAPTURE_TIME_OBIS)
    throw new HanwayError("decode/value", "not the time of an entry", { field: `${field}.column` });
  args.list(columns, 0, `${field}.columns`);
  return {
    from: args.integer(from, "u32", `${field}.from`),
    to: args.integer(to, "u32", `${field}.to`),
  };
}
