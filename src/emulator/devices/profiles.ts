import type { DeviceType } from "../../base/device-type.ts";
import type { EndpointDescriptor } from "../stack/coordinator.ts";
import type { DeviceNodeSettings } from "../stack/device-node.ts";
import { CAPABILITY_ALLOCATE, CAPABILITY_MAINS, CAPABILITY_RX_ON } from "../stack/network/mac.ts";
import { type Attributes, basicAttributes, ELECTRICITY_REGISTER, GAS_REGISTER } from "./attributes.ts";
import { SE_PROFILE } from "./security.ts";

/** What makes one kind of device: a table entry. */
export interface DeviceProfile {
  type: DeviceType;
  /** MAC capability flags. */
  capability: number;
  manufacturerCode: number;
  endpoints: readonly EndpointDescriptor[];
  /** Attributes by cluster id, the same on every endpoint that has the cluster. */
  attributes: Readonly<Record<number, Attributes>>;
  /**
   * How GBCS messages travel (GBCS 10.2.2): the hub asks a server for a tunnel, a client asks the hub for one and
   * fetches what waits there. Consumer devices have neither.
   */
  tunnel: "server" | "client" | undefined;
  node?: Partial<DeviceNodeSettings>;
}

/** ZSE device ids. */
const ENERGY_SERVICE_INTERFACE = 0x0500;
const METERING_DEVICE = 0x0501;
const IN_HOME_DISPLAY = 0x0502;
const LOAD_CONTROL_DEVICE = 0x0504;
const PHYSICAL_DEVICE = 0x0507;

const BASIC = 0x0000;
const TIME = 0x000a;
const OTA = 0x0019;
const KEEP_ALIVE = 0x0025;
const PRICE = 0x0700;
const LOAD_CONTROL = 0x0701;
const METERING = 0x0702;
const MESSAGING = 0x0703;
const TUNNELLING = 0x0704;
const PREPAYMENT = 0x0705;
const CALENDAR = 0x0707;
const DEVICE_MANAGEMENT = 0x0708;
const EVENTS = 0x0709;
const SUB_GHZ = 0x070b;
const KEY_ESTABLISHMENT = 0x0800;

/** What every device asks the hub for. */
const OF_THE_HUB = [TIME, OTA, KEEP_ALIVE, SUB_GHZ, KEY_ESTABLISHMENT];
/** What a display asks meters and the Gas Proxy Function for. */
const CONSUMPTION = [METERING, PRICE, PREPAYMENT, MESSAGING, CALENDAR, DEVICE_MANAGEMENT, EVENTS];

const MAINS = CAPABILITY_ALLOCATE | CAPABILITY_RX_ON | CAPABILITY_MAINS;
const BATTERY = CAPABILITY_ALLOCATE;
const HALF_HOUR_MS = 1_800_000;

function endpoint(
  number: number,
  deviceId: number,
  inputClusters: readonly number[],
  outputClusters: readonly number[],
): EndpointDescriptor {
  return {
    endpoint: number,
    profile: SE_PROFILE,
    deviceId,
    deviceVersion: 0,
    inputClusters,
    outputClusters,
  };
}

function profile(
  type: DeviceType,
  rest: Partial<Omit<DeviceProfile, "type">> & Pick<DeviceProfile, "endpoints" | "tunnel">,
): DeviceProfile {
  const { attributes, ...others } = rest;
  return {
    type,
    capability: MAINS,
    manufacturerCode: 0x0000,
    attributes: { [BASIC]: basicAttributes(`emulated ${type.toUpperCase()}`), ...attributes },
    ...others,
  };
}

/** Metering device with the tunnel, and an energy service interface. */
const ELECTRICITY_METER = [
  endpoint(1, METERING_DEVICE, [BASIC, METERING, TUNNELLING, PREPAYMENT, KEY_ESTABLISHMENT], OF_THE_HUB),
  endpoint(
    2,
    ENERGY_SERVICE_INTERFACE,
    [BASIC, PRICE, LOAD_CONTROL, MESSAGING, CALENDAR, DEVICE_MANAGEMENT, EVENTS, KEY_ESTABLISHMENT],
    OF_THE_HUB,
  ),
];
const DISPLAY_CLIENTS = [...OF_THE_HUB.filter((cluster) => cluster !== OTA), ...CONSUMPTION];

/** Every kind of device there is on a home's network. */
export const PROFILES: Readonly<Record<DeviceType, DeviceProfile>> = {
  esme: profile("esme", {
    endpoints: ELECTRICITY_METER,
    attributes: { [METERING]: ELECTRICITY_REGISTER },
    tunnel: "server",
  }),
  /** Awake on the half hour only (GBCS 10.4.2.8); between its wakes it does not even poll. */
  gsme: profile("gsme", {
    capability: BATTERY,
    endpoints: [
      endpoint(
        1,
        METERING_DEVICE,
        [BASIC, METERING, PREPAYMENT, KEY_ESTABLISHMENT],
        [...OF_THE_HUB, TUNNELLING],
      ),
    ],
    attributes: { [METERING]: GAS_REGISTER },
    tunnel: "client",
    node: { pollMs: HALF_HOUR_MS, longestRejoinMs: HALF_HOUR_MS },
  }),
  ppmid: profile("ppmid", {
    endpoints: [
      endpoint(1, IN_HOME_DISPLAY, [BASIC, TUNNELLING, KEY_ESTABLISHMENT], [...OF_THE_HUB, ...CONSUMPTION]),
    ],
    tunnel: "server",
  }),
  ihd: profile("ihd", {
    endpoints: [endpoint(1, IN_HOME_DISPLAY, [BASIC, KEY_ESTABLISHMENT], DISPLAY_CLIENTS)],
    tunnel: undefined,
  }),
  hcalcs: profile("hcalcs", {
    endpoints: [
      endpoint(1, LOAD_CONTROL_DEVICE, [BASIC, TUNNELLING, KEY_ESTABLISHMENT], [...OF_THE_HUB, LOAD_CONTROL]),
    ],
    tunnel: "server",
  }),
  cad: profile("cad", {
    endpoints: [endpoint(1, PHYSICAL_DEVICE, [BASIC, KEY_ESTABLISHMENT], DISPLAY_CLIENTS)],
    tunnel: undefined,
  }),
  sapc: profile("sapc", {
    endpoints: ELECTRICITY_METER,
    attributes: { [METERING]: ELECTRICITY_REGISTER },
    tunnel: "server",
  }),
};
