import { fromHex } from "../../base/bytes.ts";
import { Eui64 } from "../../base/eui64.ts";
import { Status } from "../ezsp/status.ts";
import { type KeyContext, KeyFlag, type KeyMetadata, KeyType } from "../ezsp/structures.ts";
import type { NcpCore } from "./core.ts";

const NO_EUI = Eui64("0000000000000000");
/** Where a key is asked for that is not there. */
export const NO_INDEX = 0xff;
export const noKey = (): Uint8Array => new Uint8Array(16);
const noMetadata: KeyMetadata = {
  bitmask: 0,
  outgoingFrameCounter: 0,
  incomingFrameCounter: 0,
  timeToLiveSeconds: 0,
};
/** Key structure bits: both counters, a partner, authorised. */
const LINK_KEY_BITS = 0x001e;

/** A key that the NCP holds, as EZSP shows it. */
export interface Found {
  index: number;
  eui64: Eui64;
  key: Uint8Array;
  metadata: KeyMetadata;
}

export function linkKeys(ncp: NcpCore): Found[] {
  return ncp.stack.linkKeys().map((entry) => ({
    index: entry.index,
    eui64: entry.eui64,
    key: entry.key,
    metadata: {
      bitmask: LINK_KEY_BITS,
      outgoingFrameCounter: entry.outgoingFrameCounter,
      incomingFrameCounter: entry.incomingFrameCounter,
      timeToLiveSeconds: 0,
    },
  }));
}

export function transientKeys(ncp: NcpCore): Found[] {
  return ncp.stack.transientKeys().map((entry, index) => ({
    index,
    eui64: entry.eui64,
    key: entry.key,
    metadata: { ...noMetadata, bitmask: LINK_KEY_BITS, timeToLiveSeconds: Math.ceil(entry.secondsLeft) },
  }));
}

function trustCenterKey(ncp: NcpCore): Found | undefined {
  const stored = ncp.stack.snapshot().trustCenterKey;
  if (stored === undefined) return undefined;
  return {
    index: 0,
    eui64: ncp.stack.eui64,
    key: fromHex(stored),
    metadata: { ...noMetadata, bitmask: LINK_KEY_BITS },
  };
}

function networkKey(index: number, ncp: NcpCore): Found | undefined {
  const active = ncp.stack.networkKey();
  if (index === 0) return active && { index, eui64: NO_EUI, key: active.key, metadata: noMetadata };
  const other = ncp.stack.snapshot().networkKeys.find((each) => !each.active);
  return other && { index, eui64: NO_EUI, key: fromHex(other.key), metadata: noMetadata };
}

function pick(candidates: readonly Found[], context: KeyContext): Found | undefined {
  if (context.flags & KeyFlag.EUI_IS_VALID) return candidates.find((each) => each.eui64 === context.eui64);
  return candidates.find((each) => each.index === context.keyIndex);
}

/** The key that a security manager context points at. */
export function lookUp(context: KeyContext, ncp: NcpCore): Found | undefined {
  switch (context.coreKeyType) {
    case KeyType.NETWORK:
      return networkKey(context.keyIndex, ncp);
    case KeyType.TC_LINK:
      return trustCenterKey(ncp);
    case KeyType.TC_LINK_WITH_TIMEOUT:
      return pick(transientKeys(ncp), context);
    case KeyType.APP_LINK:
      return pick(linkKeys(ncp), context);
    default:
      return undefined;
  }
}

export const isKnownType = ({ coreKeyType }: KeyContext) =>
  coreKeyType >= KeyType.NETWORK && coreKeyType <= KeyType.APP_LINK;

export function missing(context: KeyContext): number {
  return isKnownType(context) ? Status.NOT_FOUND : Status.INVALID_TYPE;
}

function contextOf(coreKeyType: number, found: Found | undefined): KeyContext {
  return {
    coreKeyType,
    keyIndex: found?.index ?? 0,
    derivedType: 0,
    eui64: found?.eui64 ?? NO_EUI,
    multiNetworkIndex: 0,
    flags: found ? KeyFlag.INDEX_IS_VALID | KeyFlag.EUI_IS_VALID : 0,
    psaKeyAlgorithm: 0,
  };
}

/** One answer for the four export commands, whose versions pick what they need. */
export function exported(coreKeyType: number, found: Found | undefined, status: number = Status.NOT_FOUND) {
  return {
    status: found ? Status.OK : status,
    context: contextOf(coreKeyType, found),
    eui64: found?.eui64 ?? NO_EUI,
    key: found?.key ?? noKey(),
    index: found?.index ?? NO_INDEX,
    metadata: found?.metadata ?? noMetadata,
  };
}
