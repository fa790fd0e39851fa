import { EzspStatus } from "../ezsp/status.ts";
import type { NcpCore } from "./core.ts";
import { Config } from "./profile.ts";

/** Value ids of EZSP (UG100 section 4.3). */
const Value = {
  BUFFER_HEAP_FREE_SIZE: 0x03,
  EXTENDED_SECURITY_BITMASK: 0x0a,
  NODE_SHORT_ID: 0x0b,
  ENDPOINT_FLAGS: 0x0f,
  VERSION_INFO: 0x11,
  CLEAR_COUNTERS: 0x19,
  NWK_FRAME_COUNTER: 0x23,
  APS_FRAME_COUNTER: 0x24,
  TRANSIENT_KEY_TIMEOUT_S: 0x3b,
} as const;

const ExtendedValue = {
  ENDPOINT_FLAGS: 0,
  LAST_LEAVE_REASON: 1,
  SOURCE_ROUTE_OVERHEAD: 2,
  MEMORY: 3,
} as const;

/** General availability. */
const RELEASE_TYPE = 0xaa;

/** Plain values: length and what firmware starts with. */
const PLAIN: Readonly<Record<number, readonly number[]>> = {
  1: [0], // MAC pass-through flags
  2: [0, 0], // EmberNet pass-through source
  4: [0], // synchronous callbacks
  5: [82, 0], // maximum incoming transfer size
  6: [82, 0], // maximum outgoing transfer size
  7: [1], // stack token writing
  8: [0], // performing a rejoin
  12: [0], // descriptor capability
  13: [128], // stack device request sequence
  14: [0], // radio hold-off
  19: [0], // last rejoin reason
  20: [0], // next Zigbee sequence number
  21: [0xb5], // CCA threshold, dBm
  37: [0], // retry device type
  41: [0], // R21 behaviour
  48: [0], // antenna mode
  57: [0, 0], // network key timeout
  58: [1], // transmit after failed CCA
  61: [2], // beacons to store
  62: [0xff, 0x01], // end device timeout options
  63: [3], // end device keep-alive support
  66: [60], // network open duration
  67: [0x10, 0x27], // transient device timeout, ms
  68: [2], // key storage version
  69: [0], // delayed join activation
  70: [2], // network layer retries
  71: [2], // rejoin mode
  72: [0], // install code joins
  73: [22], // stack revision
};

const word = (value: number): Uint8Array => Uint8Array.of(value & 0xff, (value >>> 8) & 0xff);
const long = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);

/** Buffers that are free: formation takes two. */
function freeBuffers(ncp: NcpCore): number {
  return ncp.ram.size(Config.PACKET_BUFFER_COUNT) - (ncp.ram.state === "up" ? 3 : 1);
}

function read(valueId: number, ncp: NcpCore): Uint8Array | undefined {
  const { ram, flash, profile, stack } = ncp;
  switch (valueId) {
    case Value.VERSION_INFO: {
      const { build, major, minor, patch, special } = profile.version;
      return Uint8Array.of(build & 0xff, build >>> 8, major, minor, patch, special, RELEASE_TYPE);
    }
    case Value.BUFFER_HEAP_FREE_SIZE:
      return word(freeBuffers(ncp));
    case Value.NODE_SHORT_ID:
      return word(ram.state === "up" ? 0 : 0xfffe);
    case Value.EXTENDED_SECURITY_BITMASK:
      return word(flash.extendedSecurityBitmask);
    case Value.NWK_FRAME_COUNTER:
      return long(stack.frameCounter("nwk"));
    case Value.APS_FRAME_COUNTER:
      return long(stack.frameCounter("aps"));
    case Value.TRANSIENT_KEY_TIMEOUT_S:
      return word(ram.size(Config.TRANSIENT_KEY_TIMEOUT_S));
  }
  const plain = PLAIN[valueId];
  return plain && (ram.values.get(valueId) ?? Uint8Array.from(plain));
}

type Answer = { status: number; value: Uint8Array };

export function getValue(valueId: number, ncp: NcpCore): Answer {
  const value = read(valueId, ncp);
  return value
    ? { status: EzspStatus.SUCCESS, value }
    : { status: EzspStatus.INVALID_ID, value: new Uint8Array(0) };
}

function number(value: Uint8Array): number {
  return value.reduceRight((sum, octet) => sum * 256 + octet, 0);
}

export function setValue(valueId: number, value: Uint8Array, ncp: NcpCore): number {
  const { ram, flash } = ncp;
  switch (valueId) {
    case Value.EXTENDED_SECURITY_BITMASK:
      if (value.length !== 2) return EzspStatus.INVALID_VALUE;
      flash.extendedSecurityBitmask = number(value);
      ncp.flashChanged();
      return EzspStatus.SUCCESS;
    case Value.NWK_FRAME_COUNTER:
    case Value.APS_FRAME_COUNTER:
      if (value.length !== 4) return EzspStatus.INVALID_VALUE;
      if (ram.state !== "down") return EzspStatus.INVALID_CALL;
      ncp.stack.advanceFrameCounter(valueId === Value.NWK_FRAME_COUNTER ? "nwk" : "aps", number(value));
      return EzspStatus.SUCCESS;
    case Value.ENDPOINT_FLAGS: {
      const endpoint = value[0] ?? 0;
      if (value.length !== 3 || !ram.endpointFlags.has(endpoint)) return EzspStatus.INVALID_VALUE;
      ram.endpointFlags.set(endpoint, number(value.subarray(1)));
      return EzspStatus.SUCCESS;
    }
    case Value.CLEAR_COUNTERS:
      ram.counters.fill(0);
      return EzspStatus.SUCCESS;
    case Value.TRANSIENT_KEY_TIMEOUT_S:
      if (value.length !== 2) return EzspStatus.INVALID_VALUE;
      ram.config.set(Config.TRANSIENT_KEY_TIMEOUT_S, number(value));
      ncp.stack.setTransientKeyTimeout(number(value));
      return EzspStatus.SUCCESS;
  }
  const plain = PLAIN[valueId];
  if (!plain) return EzspStatus.INVALID_ID;
  if (value.length !== plain.length) return EzspStatus.INVALID_VALUE;
  ram.values.set(valueId, Uint8Array.from(value));
  return EzspStatus.SUCCESS;
}

export function getExtendedValue(valueId: number, characteristics: number, ncp: NcpCore): Answer {
  const { ram } = ncp;
  switch (valueId) {
    case ExtendedValue.ENDPOINT_FLAGS: {
      const flags = ram.endpointFlags.get(characteristics);
      // Hosts read two octets whatever the status says.
      return flags === undefined
        ? { status: EzspStatus.INVALID_VALUE, value: word(0) }
        : { status: EzspStatus.SUCCESS, value: word(flags) };
    }
    case ExtendedValue.LAST_LEAVE_REASON:
      return { status: EzspStatus.SUCCESS, value: Uint8Array.of(0, 0xff, 0xff) };
    case ExtendedValue.SOURCE_ROUTE_OVERHEAD:
      return { status: EzspStatus.SUCCESS, value: Uint8Array.of(0) };
    case ExtendedValue.MEMORY:
      if (ncp.profile.ezsp >= 17) return { status: EzspStatus.SUCCESS, value: long(32768) };
  }
  return { status: EzspStatus.INVALID_ID, value: new Uint8Array(0) };
}
