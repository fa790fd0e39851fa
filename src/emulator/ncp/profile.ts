import { HanwayError } from "../../base/error.ts";

/** Configuration ids of EZSP (UG100 section 4.2). */
export const Config = {
  PACKET_BUFFER_COUNT: 0x01,
  NEIGHBOR_TABLE_SIZE: 0x02,
  APS_UNICAST_MESSAGE_COUNT: 0x03,
  BINDING_TABLE_SIZE: 0x04,
  ADDRESS_TABLE_SIZE: 0x05,
  MULTICAST_TABLE_SIZE: 0x06,
  ROUTE_TABLE_SIZE: 0x07,
  DISCOVERY_TABLE_SIZE: 0x08,
  STACK_PROFILE: 0x0c,
  SECURITY_LEVEL: 0x0d,
  MAX_HOPS: 0x10,
  MAX_END_DEVICE_CHILDREN: 0x11,
  INDIRECT_TRANSMISSION_TIMEOUT: 0x12,
  END_DEVICE_POLL_TIMEOUT: 0x13,
  TX_POWER_MODE: 0x17,
  DISABLE_RELAY: 0x18,
  TRUST_CENTER_ADDRESS_CACHE_SIZE: 0x19,
  SOURCE_ROUTE_TABLE_SIZE: 0x1a,
  FRAGMENT_WINDOW_SIZE: 0x1c,
  FRAGMENT_DELAY_MS: 0x1d,
  KEY_TABLE_SIZE: 0x1e,
  APS_ACK_TIMEOUT: 0x1f,
  ACTIVE_SCAN_DURATION: 0x20,
  PAN_ID_CONFLICT_REPORT_THRESHOLD: 0x22,
  REQUEST_KEY_TIMEOUT: 0x24,
  APPLICATION_ZDO_FLAGS: 0x2a,
  BROADCAST_TABLE_SIZE: 0x2b,
  MAC_FILTER_TABLE_SIZE: 0x2c,
  SUPPORTED_NETWORKS: 0x2d,
  SEND_MULTICASTS_TO_SLEEPY_ADDRESS: 0x2e,
  ZLL_GROUP_ADDRESSES: 0x2f,
  ZLL_RSSI_THRESHOLD: 0x30,
  MTORR_FLOW_CONTROL: 0x33,
  RETRY_QUEUE_SIZE: 0x34,
  NEW_BROADCAST_ENTRY_THRESHOLD: 0x35,
  TRANSIENT_KEY_TIMEOUT_S: 0x36,
  BROADCAST_MIN_ACKS_NEEDED: 0x37,
  TC_REJOINS_USING_WELL_KNOWN_KEY_TIMEOUT_S: 0x38,
  CTUNE_VALUE: 0x39,
  ASSUME_TC_CONCENTRATOR_TYPE: 0x40,
  GP_PROXY_TABLE_SIZE: 0x41,
  GP_SINK_TABLE_SIZE: 0x42,
} as const;

/** Ids that old stacks had: 7.4 refuses them, 8.x reads them as zero. Alarm sizes, mobile children, RF4CE, certificates. */
export const RETIRED_CONFIG: readonly number[] = [0x09, 0x0a, 0x14, 0x15, 0x1b, 0x21, 0x29, 0x31, 0x32];

/** What one firmware on one stick answers. */
export interface NcpProfile {
  readonly name: string;
  readonly ezsp: number;
  /** The emulator can also play a firmware that hosts must refuse. */
  readonly version: {
    readonly build: number;
    readonly major: number;
    readonly minor: number;
    readonly patch: number;
    readonly special: number;
  };
  /** Empty where the stick is not programmed: reads as 16 × 0xFF. */
  readonly manufacturer: string;
  readonly board: string;
  readonly config: Readonly<Record<number, number>>;
  /** Refuses table sizes even when they equal the present ones. */
  readonly refusesSameSize: boolean;
}

const COMMON: Readonly<Record<number, number>> = {
  [Config.ROUTE_TABLE_SIZE]: 16,
  [Config.DISCOVERY_TABLE_SIZE]: 8,
  [Config.STACK_PROFILE]: 0,
  [Config.SECURITY_LEVEL]: 5,
  [Config.MAX_HOPS]: 30,
  [Config.INDIRECT_TRANSMISSION_TIMEOUT]: 3000,
  [Config.END_DEVICE_POLL_TIMEOUT]: 8,
  [Config.TX_POWER_MODE]: 0,
  [Config.DISABLE_RELAY]: 0,
  [Config.TRUST_CENTER_ADDRESS_CACHE_SIZE]: 0,
  [Config.FRAGMENT_WINDOW_SIZE]: 1,
  [Config.FRAGMENT_DELAY_MS]: 0,
  [Config.APS_ACK_TIMEOUT]: 1600,
  [Config.ACTIVE_SCAN_DURATION]: 3,
  [Config.PAN_ID_CONFLICT_REPORT_THRESHOLD]: 2,
  [Config.REQUEST_KEY_TIMEOUT]: 0,
  [Config.APPLICATION_ZDO_FLAGS]: 0,
  [Config.SUPPORTED_NETWORKS]: 1,
  [Config.SEND_MULTICASTS_TO_SLEEPY_ADDRESS]: 0,
  [Config.ZLL_GROUP_ADDRESSES]: 0,
  [Config.ZLL_RSSI_THRESHOLD]: 216,
  [Config.MTORR_FLOW_CONTROL]: 1,
  [Config.RETRY_QUEUE_SIZE]: 16,
  [Config.TRANSIENT_KEY_TIMEOUT_S]: 300,
  [Config.BROADCAST_MIN_ACKS_NEEDED]: 255,
  [Config.TC_REJOINS_USING_WELL_KNOWN_KEY_TIMEOUT_S]: 300,
  [Config.ASSUME_TC_CONCENTRATOR_TYPE]: 1,
  [Config.GP_PROXY_TABLE_SIZE]: 5,
  [Config.GP_SINK_TABLE_SIZE]: 0,
  [Config.KEY_TABLE_SIZE]: 12,
  [Config.BINDING_TABLE_SIZE]: 32,
  [Config.MAX_END_DEVICE_CHILDREN]: 32,
};

/** In the order of the published lists, so that a row can be checked against them. */
type Sizes = readonly [
  packetBuffers: number,
  neighbors: number,
  unicasts: number,
  addresses: number,
  multicasts: number,
  sourceRoutes: number,
  broadcasts: number,
  newBroadcastThreshold: number,
  macFilters: number,
  ctune: number,
];

function config(sizes: Sizes, more: Readonly<Record<number, number>> = {}): Readonly<Record<number, number>> {
  const ids = [
    Config.PACKET_BUFFER_COUNT,
    Config.NEIGHBOR_TABLE_SIZE,
    Config.APS_UNICAST_MESSAGE_COUNT,
    Config.ADDRESS_TABLE_SIZE,
    Config.MULTICAST_TABLE_SIZE,
    Config.SOURCE_ROUTE_TABLE_SIZE,
    Config.BROADCAST_TABLE_SIZE,
    Config.NEW_BROADCAST_ENTRY_THRESHOLD,
    Config.MAC_FILTER_TABLE_SIZE,
    Config.CTUNE_VALUE,
  ];
  return { ...COMMON, ...Object.fromEntries(ids.map((id, index) => [id, sizes[index]])), ...more };
}

const pmg24 = config([255, 26, 100, 8, 8, 128, 64, 58, 15, 140]);
const skyconnect = config([255, 26, 20, 16, 16, 200, 15, 9, 2, 128]);

function release(major: number, minor: number, patch: number, build = 0): NcpProfile["version"] {
  return { build, major, minor, patch, special: 0 };
}

/** As sticks were seen to answer; values that nobody published are taken from a sibling. */
export const PROFILES: readonly NcpProfile[] = [
  {
    name: "sonoff-dongle-pmg24",
    ezsp: 13,
    version: release(7, 4, 5),
    manufacturer: "SONOFF",
    board: "Dongle Plus MG24",
    config: pmg24,
    refusesSameSize: false,
  },
  {
    name: "sonoff-dongle-e",
    ezsp: 13,
    version: release(7, 4, 3),
    manufacturer: "",
    board: "",
    config: config([250, 26, 32, 32, 8, 200, 35, 29, 15, 133]),
    refusesSameSize: false,
  },
  {
    name: "skyconnect",
    ezsp: 13,
    version: release(7, 4, 4),
    manufacturer: "",
    board: "",
    config: skyconnect,
    refusesSameSize: true,
  },
  {
    name: "slzb-06m",
    ezsp: 13,
    version: release(7, 4, 1),
    manufacturer: "",
    board: "",
    config: skyconnect,
    refusesSameSize: true,
  },
  {
    name: "sdk-sample-8",
    ezsp: 14,
    version: release(8, 0, 1, 270),
    manufacturer: "",
    board: "",
    config: config([8192, 16, 10, 8, 8, 7, 15, 9, 15, 60]),
    refusesSameSize: false,
  },
  {
    name: "mg24-8.2",
    ezsp: 18,
    version: release(8, 2, 2, 436),
    manufacturer: "",
    board: "",
    config: config([8192, 26, 128, 64, 26, 200, 64, 58, 15, 128], {
      [Config.DISCOVERY_TABLE_SIZE]: 16,
      [Config.MAX_END_DEVICE_CHILDREN]: 64,
    }),
    refusesSameSize: false,
  },
  {
    name: "too-old",
    ezsp: 12,
    version: release(7, 3, 1, 176),
    manufacturer: "",
    board: "",
    config: pmg24,
    refusesSameSize: false,
  },
];

/** Releases for protocol versions of which no stick was published: only the number matters to a host. */
const RELEASES: Readonly<Record<number, NcpProfile["version"]>> = {
  15: release(8, 0, 2),
  16: release(8, 1, 0),
  17: release(8, 1, 1),
  19: release(9, 0, 0),
};

export const EZSP_VERSIONS = [13, 14, 15, 16, 17, 18, 19] as const;
export const DEFAULT_PROFILE = "sonoff-dongle-pmg24";

/** A profile by name. Throws `config/invalid` with the names that exist. */
export function namedProfile(name: string): NcpProfile {
  const found = PROFILES.find((profile) => profile.name === name);
  if (!found)
    throw new HanwayError(
      "config/invalid",
      `no profile "${name.slice(0, 40)}"; there are ${PROFILES.map((each) => each.name).join(", ")}`,
      { field: "profile" },
    );
  return found;
}

/** The stock stick that speaks the EZSP version, or the nearest older one told to. Throws `config/invalid` outside 13 to 19. */
export function profileForEzsp(version: number): NcpProfile {
  if (!EZSP_VERSIONS.some((known) => known === version))
    throw new HanwayError("config/invalid", `EZSP ${version}; 13 to 19 are known`, { field: "ezsp" });
  const exact = PROFILES.find((profile) => profile.ezsp === version);
  if (exact) return exact;
  const base = namedProfile(version > 18 ? "mg24-8.2" : "sdk-sample-8");
  return {
    ...base,
    name: `${base.name}-as-ezsp-${version}`,
    ezsp: version,
    version: RELEASES[version] ?? base.version,
  };
}

/** The 16-bit word of the version reply: one digit each for major, minor, patch and special. */
export function stackVersionWord({ version }: NcpProfile): number {
  const { major, minor, patch, special } = version;
  return (major << 12) | (minor << 8) | (patch << 4) | special;
}
