import { HanwayError } from "../../base/error.ts";
import { type DeviceProfile, EmulatedDevice, type EmulatedDeviceOptions } from "./device.ts";
import { ESME } from "./esme.ts";

/** Every kind of device there is on a home's network; those without a profile are not emulated yet. */
const PROFILES = {
  esme: ESME,
  gsme: undefined,
  ppmid: undefined,
  ihd: undefined,
  hcalcs: undefined,
  cad: undefined,
  sapc: undefined,
} as const satisfies Record<string, DeviceProfile | undefined>;

export type EmulatedDeviceType = keyof typeof PROFILES;

export const EMULATED_DEVICE_TYPES = Object.keys(PROFILES) as readonly EmulatedDeviceType[];

/** Makes a device, switched off: `start` turns it on. Throws `config/invalid` for kinds not emulated. */
export function createEmulatedDevice(
  options: EmulatedDeviceOptions & { type: EmulatedDeviceType },
): EmulatedDevice {
  const profile: DeviceProfile | undefined = PROFILES[options.type];
  if (!profile)
    throw new HanwayError("config/invalid", `there is no emulated "${options.type}" yet; there is: esme`, {
      field: "device.type",
    });
  return new EmulatedDevice(profile, options);
}
