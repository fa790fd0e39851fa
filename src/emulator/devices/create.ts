import type { DeviceType } from "../../base/device-type.ts";
import { EmulatedDevice, type EmulatedDeviceOptions } from "./device.ts";
import { PROFILES } from "./profiles.ts";

/** Makes a device of one kind, switched off: `start` turns it on. */
export function createEmulatedDevice(options: EmulatedDeviceOptions & { type: DeviceType }): EmulatedDevice {
  return new EmulatedDevice(PROFILES[options.type], options);
}
