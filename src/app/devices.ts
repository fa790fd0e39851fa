import type { Log } from "../base/log.ts";
import { installCodeKey } from "../cbke/install-code.ts";
import type { DeviceSpec } from "../han/device.ts";
import type { DeviceLog } from "../han/device-log/device-log.ts";
import { logKindOf } from "../han/device-log/entry.ts";
import { deviceTypeOf } from "../han/join/window.ts";
import { TUNNEL_SETTINGS } from "../han/tunnel/client.ts";
import type { HubConfig } from "./config.ts";

/**
 * Local pairing: the devices of the settings go into the Device Log, once each. What is in the log then, by the
 * settings or by Commands, is the list of who may speak.
 */
export function listedDevices({ device }: HubConfig, deviceLog: DeviceLog, log: Log): DeviceSpec[] {
  for (const { eui64, type, installCode } of device) {
    const startKey = installCode && ({ key: installCodeKey(installCode), from: "install-code" } as const);
    if (deviceLog.pairLocally(eui64, logKindOf(type), startKey) === "full")
      log.error({ device: eui64, type }, "no room in the Device Log for a device of the settings");
  }
  const configured = new Map(device.map((one) => [one.eui64, one]));
  return deviceLog
    .entries()
    .filter(({ kind }) => kind !== "gpf")
    .map(({ eui64, kind }) => {
      const settings = configured.get(eui64);
      return {
        eui64,
        type: settings?.type ?? deviceTypeOf(kind),
        transferSize: settings?.transferSize ?? TUNNEL_SETTINGS.transferSize,
        ...(settings?.installCode === undefined ? {} : { installCode: settings.installCode }),
      };
    });
}
