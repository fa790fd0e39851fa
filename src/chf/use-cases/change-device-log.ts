import { HanwayError } from "../../base/error.ts";
import type { Eui64 } from "../../base/eui64.ts";
import { type AccessRequest, SUCCESS } from "../../gbcs/dlms/index.ts";
import type { DeviceLog, RestoredDevice } from "../../han/device-log/device-log.ts";
import { logDeviceKind, startKeyFromBareCode } from "../../han/device-log/entry.ts";
import * as args from "../arguments.ts";
import type { JoinWindows } from "../join-windows.ts";
import type { ChfSettings, HanControl } from "../ports.ts";
import { type DlmsUseCase, done, type ItemOutcome, inOrder, portsInOrder } from "../use-case.ts";

export interface DeviceLogPorts {
  readonly deviceLog: DeviceLog;
  readonly han: HanControl;
  readonly windows: JoinWindows;
  readonly settings: ChfSettings;
}

/** The ZigBee network control object, which is the CHF Device Log. */
export const NETWORK_CONTROL = { classId: 104, obis: "0-0:30.3.0.255" } as const;

const KEY_TYPE_INSTALL_CODE = 1;
const MOST_DEVICES = 16;

function portFailure(result: number | undefined): ItemOutcome | undefined {
  return result === undefined || result === SUCCESS ? undefined : { result };
}

/**
 * CCS01 Add Device to CHF Device Log: register_device, join_timeout, enable_disable_joining. A device that is in the log
 * keeps its keys, and the key that came is dropped.
 */
export function addDevice(ports: DeviceLogPorts): DlmsUseCase {
  const { deviceLog, han, windows, settings } = ports;
  return {
    messageCodes: [0x0001],
    targets: [
      { operation: "action", ...NETWORK_CONTROL, index: 1 },
      { operation: "set", ...NETWORK_CONTROL, index: 3 },
      { operation: "set", ...NETWORK_CONTROL, index: 2 },
    ],
    begin: (request) => {
      const { eui64, startKey, kind, seconds } = readAddDevice(request);
      const register = (): number => {
        if (kind === undefined) return settings.unknownKind;
        return deviceLog.roomFor(eui64, kind) === "full" ? settings.logFull : SUCCESS;
      };
      return {
        prepare: () =>
          portsInOrder([
            async () => register(),
            async () => {
              await han.setJoinTimeout(seconds);
              return SUCCESS;
            },
            async () => {
              await windows.open(eui64, kind, startKey.key, seconds);
              return SUCCESS;
            },
          ]),
        execute: (results) => {
          const writes: (() => void)[] = [];
          const outcomes = inOrder([
            () => {
              const result = register();
              if (result === SUCCESS && kind !== undefined) {
                writes.push(() => {
                  deviceLog.add(eui64, kind, startKey);
                });
              }
              return { result };
            },
            () => portFailure(results[1]) ?? done(),
            () => {
              const failure = portFailure(results[2]);
              if (failure === undefined) writes.push(() => windows.keep(eui64));
              return failure ?? done();
            },
          ]);
          return { outcomes, writes };
        },
      };
    },
  };
}

function readAddDevice(request: AccessRequest) {
  const [ieeeAddress, keyType, key, deviceType] = args.members(
    args.argument(request, 0),
    4,
    "register_device",
  );
  if (args.integer(keyType, "enum", "register_device.key_type") !== KEY_TYPE_INSTALL_CODE)
    throw new HanwayError("decode/value", "an install code wanted", { field: "register_device.key_type" });
  const code = args.octets(key, [16], "register_device.key");
  const seconds = args.integer(args.argument(request, 1), "u16", "join_timeout");
  args.mustBeTrue(args.argument(request, 2), "enable_disable_joining");
  return {
    eui64: args.eui64(ieeeAddress, "register_device.ieee_address"),
    startKey: startKeyFromBareCode(code),
    kind: logDeviceKind(args.integer(deviceType, "enum", "register_device.device_type")),
    seconds,
  };
}

/** CCS02 Remove Device from CHF Device Log: unregister_device. */
export function removeDevice({ deviceLog, han, windows, settings }: DeviceLogPorts): DlmsUseCase {
  return {
    messageCodes: [0x0002],
    targets: [{ operation: "action", ...NETWORK_CONTROL, index: 2 }],
    begin: (request) => {
      const eui64: Eui64 = args.eui64(args.argument(request, 0), "unregister_device");
      const present = () => (deviceLog.mayJoin(eui64) ? SUCCESS : settings.notInLog);
      return {
        prepare: () =>
          portsInOrder([
            async () => {
              if (present() === SUCCESS) await han.removeDevice(eui64);
              return present();
            },
          ]),
        execute: (results) => {
          const writes: (() => void)[] = [];
          const outcomes = inOrder([
            () => {
              const failure = portFailure(results[0]);
              if (failure !== undefined) return failure;
              writes.push(() => {
                deviceLog.remove(eui64);
                windows.forget(eui64);
              });
              return done();
            },
          ]);
          return { outcomes, writes };
        },
      };
    },
  };
}

/** CCS03 Restore CHF Device Log: restore_PAN, on a hub that takes the place of another. */
export function restoreDeviceLog({ deviceLog, han, windows }: DeviceLogPorts): DlmsUseCase {
  return {
    messageCodes: [0x0003],
    targets: [{ operation: "action", ...NETWORK_CONTROL, index: 5 }],
    begin: (request) => {
      const { extendedPanId, devices } = readBackup(request);
      return {
        prepare: () =>
          portsInOrder([
            async () => {
              await han.reform(extendedPanId);
              return SUCCESS;
            },
          ]),
        execute: (results) => {
          const writes: (() => void)[] = [];
          const outcomes = inOrder([
            () => {
              const failure = portFailure(results[0]);
              if (failure !== undefined) return failure;
              writes.push(() => {
                deviceLog.restore(extendedPanId, devices);
                windows.restored();
              });
              return done();
            },
          ]);
          return { outcomes, writes };
        },
      };
    },
  };
}

function readBackup(request: AccessRequest): { extendedPanId: Eui64; devices: RestoredDevice[] } {
  const [panId, array] = args.members(args.argument(request, 0), 2, "restore_PAN");
  const devices = args.list(array, MOST_DEVICES, "restore_PAN.devices").map((data, i): RestoredDevice => {
    const field = `restore_PAN.devices[${i}]`;
    const [address, hash] = args.members(data, 2, field);
    const keyHash = args.octets(hash, [16, 0], `${field}.hash`);
    return { eui64: args.eui64(address, field), keyHash: keyHash.length === 0 ? undefined : keyHash };
  });
  if (devices.length === 0)
    throw new HanwayError("decode/value", "no device", { field: "restore_PAN.devices" });
  if (new Set(devices.map(({ eui64 }) => eui64)).size !== devices.length)
    throw new HanwayError("decode/value", "a device is there twice", { field: "restore_PAN.devices" });
  return { extendedPanId: args.eui64(panId, "restore_PAN.extended_PAN_ID"), devices };
}
