import { KEY_ESTABLISHMENT_CLUSTER, KEY_ESTABLISHMENT_SUITE_ATTRIBUTE } from "../../cbke/commands.ts";
import { TUNNELLING_CLUSTER } from "../../zcl/tunnelling.ts";
import type { ZclValue } from "../../zcl/value.ts";

/** One attribute that the hub answers for: its ZCL data type id and its value at the time of asking. */
export interface ServedAttribute {
  readonly id: number;
  readonly dataType: number;
  readonly value: () => ZclValue;
}

/** ZCL data types used here (ZCL 2.6.2). */
export const TYPE = {
  bitmap8: 0x18,
  uint8: 0x20,
  uint16: 0x21,
  enum8: 0x30,
  enum16: 0x31,
  string: 0x42,
  utcTime: 0xe2,
} as const;

export const BASIC_CLUSTER = 0x0000;
export const KEEP_ALIVE_CLUSTER = 0x0025;

/** ClusterRevision, on every cluster (ZCL 2.3.4). */
const CLUSTER_REVISION = 0xfffd;

export interface HubIdentity {
  readonly manufacturer: string;
  readonly model: string;
  /** Shown as SWBuildID, 16 octets at most. */
  readonly version: string;
}

/** TCKeepAliveBase and TCKeepAliveJitter (ZSE Keep-Alive cluster): how often devices ask whether the hub is there. */
export interface KeepAliveSettings {
  /** Minutes, 1 to 255. */
  readonly baseMinutes: number;
  /** Seconds, 0 to 0x0200. */
  readonly jitterSeconds: number;
}

export const KEEP_ALIVE: KeepAliveSettings = { baseMinutes: 10, jitterSeconds: 300 };

const fixed = (id: number, dataType: number, value: ZclValue): ServedAttribute => ({
  id,
  dataType,
  value: () => value,
});

/** Basic (ZCL 3.2): what the hub is. */
export function basicAttributes({ manufacturer, model, version }: HubIdentity): ServedAttribute[] {
  return [
    fixed(0x0000, TYPE.uint8, 3),
    fixed(0x0004, TYPE.string, manufacturer),
    fixed(0x0005, TYPE.string, model),
    fixed(0x0007, TYPE.enum8, 1),
    fixed(0x4000, TYPE.string, version.slice(0, 16)),
  ];
}

export function keepAliveAttributes({ baseMinutes, jitterSeconds }: KeepAliveSettings): ServedAttribute[] {
  return [fixed(0x0000, TYPE.uint8, baseMinutes), fixed(0x0001, TYPE.uint16, jitterSeconds)];
}

/** CloseTunnelTimeout: the hub closes no tunnel for being quiet (A5.9). */
export function tunnellingAttributes(): ServedAttribute[] {
  return [fixed(0x0000, TYPE.uint16, 0xffff)];
}

/** KeyEstablishmentSuite, the same on client and server. */
export function keyEstablishmentAttributes(suites: () => number): ServedAttribute[] {
  return [{ id: KEY_ESTABLISHMENT_SUITE_ATTRIBUTE, dataType: TYPE.enum16, value: suites }];
}

export function revision(value: number): ServedAttribute {
  return fixed(CLUSTER_REVISION, TYPE.uint16, value);
}

/** Attributes by cluster and side. */
export interface AttributeTable {
  readonly server: ReadonlyMap<number, readonly ServedAttribute[]>;
  readonly client: ReadonlyMap<number, readonly ServedAttribute[]>;
}

export interface HubAttributeSources {
  readonly identity: HubIdentity;
  readonly keepAlive: KeepAliveSettings;
  /** KeyEstablishmentSuite bits; 0 without certificates. */
  readonly suites: () => number;
  readonly time: readonly ServedAttribute[];
  readonly identify: readonly ServedAttribute[];
}

/** Everything that the hub itself answers for; each cluster also has its revision. */
export function hubAttributes(sources: HubAttributeSources): AttributeTable {
  const suites = keyEstablishmentAttributes(sources.suites);
  return {
    server: new Map([
      [BASIC_CLUSTER, [...basicAttributes(sources.identity), revision(2)]],
      [0x0003, [...sources.identify, revision(1)]],
      [0x000a, [...sources.time, revision(2)]],
      [KEEP_ALIVE_CLUSTER, [...keepAliveAttributes(sources.keepAlive), revision(1)]],
      [TUNNELLING_CLUSTER, [...tunnellingAttributes(), revision(1)]],
      [KEY_ESTABLISHMENT_CLUSTER, [...suites, revision(1)]],
    ]),
    client: new Map([[KEY_ESTABLISHMENT_CLUSTER, [...suites, revision(1)]]]),
  };
}
