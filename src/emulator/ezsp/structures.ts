import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { HanwayError } from "../../base/error.ts";
import { type Codec, eui64, i8, octets, record, u8, u16, u32, type ValueOf } from "./codec.ts";

/** Structures that several EZSP commands share, laid out as UG100 section 4 gives them. */

export const key = octets(16);

/** Address in the order of the wire: the extended PAN id is an EUI-64 without an owner. */
export const networkParameters = record({
  extendedPanId: eui64,
  panId: u16,
  radioTxPower: i8,
  radioChannel: u8,
  joinMethod: u8,
  networkManagerId: u16,
  networkUpdateId: u8,
  channels: u32,
});

export const apsFrame = record({
  profileId: u16,
  clusterId: u16,
  sourceEndpoint: u8,
  destinationEndpoint: u8,
  options: u16,
  groupId: u16,
  sequence: u8,
});
export type ApsFrame = ValueOf<typeof apsFrame>;

export const ApsOption = {
  ENCRYPTION: 0x0020,
  RETRY: 0x0040,
  SOURCE_EUI64: 0x0400,
  FRAGMENT: 0x8000,
} as const;

export const bindingEntry = record({
  type: u8,
  local: u8,
  clusterId: u16,
  remote: u8,
  identifier: eui64,
  networkIndex: u8,
});

export const multicastEntry = record({ multicastId: u16, endpoint: u8, networkIndex: u8 });

export const neighborEntry = record({
  shortId: u16,
  averageLqi: u8,
  inCost: u8,
  outCost: u8,
  age: u8,
  longId: eui64,
});

export const routeEntry = record({
  destination: u16,
  nextHop: u16,
  status: u8,
  age: u8,
  concentratorType: u8,
  routeRecordState: u8,
});

export const childData = record({
  eui64,
  type: u8,
  id: u16,
  phy: u8,
  power: u8,
  timeout: u8,
  remainingTimeout: u32,
});

export const foundNetwork = record({
  channel: u8,
  panId: u16,
  extendedPanId: eui64,
  allowingJoin: u8,
  stackProfile: u8,
  networkUpdateId: u8,
});

export const radioParameters = record({ radioTxPower: i8, radioPage: u8, radioChannel: u8 });

export const dutyCycleLimits = record({ limitThreshold: u16, criticalThreshold: u16, suspendLimit: u16 });

export const KeyType = { NETWORK: 1, TC_LINK: 2, TC_LINK_WITH_TIMEOUT: 3, APP_LINK: 4 } as const;
export const KeyFlag = { INDEX_IS_VALID: 1, EUI_IS_VALID: 2 } as const;

/** Says which key a security manager command means. */
export const keyContext = record({
  coreKeyType: u8,
  keyIndex: u8,
  derivedType: u16,
  eui64,
  multiNetworkIndex: u8,
  flags: u8,
  psaKeyAlgorithm: u32,
});
export type KeyContext = ValueOf<typeof keyContext>;

export const keyMetadata = record({
  bitmask: u16,
  outgoingFrameCounter: u32,
  incomingFrameCounter: u32,
  timeToLiveSeconds: u16,
});
export type KeyMetadata = ValueOf<typeof keyMetadata>;

export const networkKeyInfo = record({
  networkKeySet: u8,
  alternateNetworkKeySet: u8,
  networkKeySequence: u8,
  alternateNetworkKeySequence: u8,
  networkKeyFrameCounter: u32,
});

export const gpAddress = record({ applicationId: u8, id: octets(8), endpoint: u8 });

export interface ClusterLists {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** addEndpoint's two cluster lists: both counts stand before the first list. */
export const clusterLists: Codec<ClusterLists> = {
  read: (reader: ByteReader, _version, field) => {
    const inputs = reader.u8(`${field}.inputCount`);
    const outputs = reader.u8(`${field}.outputCount`);
    const list = (count: number, name: string) => {
      const out: number[] = [];
      for (let index = 0; index < count; index++) out.push(reader.u16le(`${field}.${name}[${index}]`));
      return out;
    };
    return { input: list(inputs, "input"), output: list(outputs, "output") };
  },
  write: (writer: ByteWriter, value, _version, field) => {
    for (const list of [value.input, value.output]) {
      if (list.length > 0xff) throw new HanwayError("encode/value", `${list.length} clusters`, { field });
      writer.u8(list.length);
    }
    for (const cluster of [...value.input, ...value.output]) writer.u16le(cluster);
  },
};
