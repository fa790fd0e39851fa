import { CAPABILITY_ALLOCATE, CAPABILITY_MAINS, CAPABILITY_RX_ON } from "../stack/trust-center.ts";
import type { DeviceProfile } from "./device.ts";
import { SE_PROFILE } from "./security.ts";
import { enumAttribute, stringAttribute, u8Attribute } from "./zcl-frame.ts";

const CLIENTS = [0x000a, 0x0019, 0x0025, 0x070b, 0x0800];

/** Electricity meter: metering device with the tunnel, and an energy service interface (SE device ids). */
export const ESME: DeviceProfile = {
  type: "esme",
  capability: CAPABILITY_ALLOCATE | CAPABILITY_RX_ON | CAPABILITY_MAINS,
  manufacturerCode: 0x0000,
  endpoints: [
    {
      endpoint: 1,
      profile: SE_PROFILE,
      deviceId: 0x0501,
      deviceVersion: 0,
      inputClusters: [0x0000, 0x0702, 0x0704, 0x0705, 0x0800],
      outputClusters: CLIENTS,
    },
    {
      endpoint: 2,
      profile: SE_PROFILE,
      deviceId: 0x0500,
      deviceVersion: 0,
      inputClusters: [0x0000, 0x0700, 0x0701, 0x0703, 0x0707, 0x0708, 0x0709, 0x0800],
      outputClusters: CLIENTS,
    },
  ],
  attributes: {
    0: {
      0: u8Attribute(3),
      4: stringAttribute("hanway"),
      5: stringAttribute("emulated ESME"),
      7: enumAttribute(1),
    },
  },
};
