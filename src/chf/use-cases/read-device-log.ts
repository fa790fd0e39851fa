import type { Clock } from "../../base/clock.ts";
import { HanwayError } from "../../base/error.ts";
import { type Eui64, eui64ToBytes } from "../../base/eui64.ts";
import {
  ANY,
  ANY_YEAR,
  type Data,
  type DateTime,
  dateTimeFromUnix,
  encodeDateTime,
  NO_DEVIATION,
} from "../../gbcs/dlms/index.ts";
import type { DeviceFigures } from "../../han/device-log/figures.ts";
import * as args from "../arguments.ts";
import { backupOf } from "../backup.ts";
import type { ChfReads } from "../ports.ts";
import { type DlmsUseCase, done, inOrder, type Target } from "../use-case.ts";
import { NETWORK_CONTROL } from "./change-device-log.ts";

const HISTORIC_LOG = { classId: 104, obis: "0-0:30.3.1.255" } as const;

/** CCS06 Read CHF device log and check HAN communications, and its forerunner CCS05/CCS04: active_devices. */
export function readActiveDevices(deviceLog: ChfReads["deviceLog"]): DlmsUseCase {
  return {
    messageCodes: [0x010f, 0x0004],
    targets: [{ operation: "get", ...NETWORK_CONTROL, index: 4 }],
    begin: () => ({
      execute: () => {
        const read = (): Data => ({
          type: "array",
          value: deviceLog.entries().map(({ eui64 }) => activeDevice(eui64, deviceLog.figures(eui64))),
        });
        return { outcomes: inOrder([() => done(read())]), writes: [] };
      },
    }),
  };
}

function activeDevice(eui64: Eui64, figures: DeviceFigures): Data {
  const i8 = (value: number): Data => ({ type: "i8", value });
  const u8 = (value: number): Data => ({ type: "u8", value });
  const { rssi, lqi } = figures;
  return {
    type: "structure",
    value: [
      { type: "octet-string", value: eui64ToBytes(eui64) },
      { type: "bit-string", bits: 8, value: Uint8Array.of(figures.status) },
      i8(rssi.max),
      i8(rssi.average),
      i8(rssi.min),
      u8(lqi.max),
      u8(lqi.average),
      u8(lqi.min),
      { type: "octet-string", value: encodeDateTime(lastCommunication(figures.lastCommunication)) },
      u8(figures.hops),
      u8(figures.transmissionFailures),
      u8(figures.transmissionSuccesses),
      u8(figures.applicationVersion),
      u8(figures.stackVersion),
    ],
  };
}

const NEVER: DateTime = {
  year: ANY_YEAR,
  month: ANY,
  day: ANY,
  dayOfWeek: ANY,
  hour: ANY,
  minute: ANY,
  second: ANY,
  hundredths: ANY,
  deviation: NO_DEVIATION,
  clockStatus: 0xff,
};

/** With the day of the week, unlike every other time of the hub; all "not specified" where it was never heard. */
function lastCommunication(at: number | undefined): DateTime {
  if (at === undefined) return NEVER;
  const sundayIsSeven = new Date(at).getUTCDay() || 7;
  return { ...dateTimeFromUnix(at), dayOfWeek: sundayIsSeven };
}

/** CCS07 Read CHF Device Logs: backup_PAN of the CHF Device Log and of the Historic Device Log. */
export function readDeviceLogs(deviceLog: ChfReads["deviceLog"], clock: Clock): DlmsUseCase {
  const targets: readonly Target[] = [
    { operation: "action", ...NETWORK_CONTROL, index: 4 },
    { operation: "action", ...HISTORIC_LOG, index: 4 },
  ];
  return {
    messageCodes: [0x00fe],
    targets,
    begin: (request) => {
      for (const [i] of targets.entries()) {
        if (args.argument(request, i).type !== "null")
          throw new HanwayError("decode/value", "null-data wanted", { field: `data[${i}]` });
      }
      return {
        execute: () => {
          const now = clock.now();
          const outcomes = inOrder([
            () => done(backupOf(deviceLog.entries(), deviceLog.extendedPanId, now)),
            () => done(backupOf(deviceLog.historic(), deviceLog.extendedPanId, now)),
          ]);
          return { outcomes, writes: [] };
        },
      };
    },
  };
}
