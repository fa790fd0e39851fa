import { fromHex } from "../../../base/bytes.ts";
import { Eui64 } from "../../../base/eui64.ts";
import { callbacks } from "../../ezsp/callbacks.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { type KeyContext, KeyFlag, type KeyMetadata, KeyType } from "../../ezsp/structures.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { Config } from "../profile.ts";

const OK = { status: Status.OK };
const NO_EUI = Eui64("0000000000000000");
const noKey = () => new Uint8Array(16);
const noMetadata: KeyMetadata = {
  bitmask: 0,
  outgoingFrameCounter: 0,
  incomingFrameCounter: 0,
  timeToLiveSeconds: 0,
};
/** Key structure bits: both counters, a partner, authorised. */
const LINK_KEY_BITS = 0x001e;
const NO_INDEX = 0xff;

interface Found {
  index: number;
  eui64: Eui64;
  key: Uint8Array;
  metadata: KeyMetadata;
}

function linkKeys(ncp: NcpCore): Found[] {
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

function transientKeys(ncp: NcpCore): Found[] {
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
function lookUp(context: KeyContext, ncp: NcpCore): Found | undefined {
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

const isKnownType = ({ coreKeyType }: KeyContext) =>
  coreKeyType >= KeyType.NETWORK && coreKeyType <= KeyType.APP_LINK;

function missing(context: KeyContext): number {
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
function exported(coreKeyType: number, found: Found | undefined, status: number = Status.NOT_FOUND) {
  return {
    status: found ? Status.OK : status,
    context: contextOf(coreKeyType, found),
    eui64: found?.eui64 ?? NO_EUI,
    key: found?.key ?? noKey(),
    index: found?.index ?? NO_INDEX,
    metadata: found?.metadata ?? noMetadata,
  };
}

const IMPORT_STATUS = {
  ok: Status.OK,
  "table-full": Status.FULL,
  "invalid-index": Status.INVALID_INDEX,
} as const;

function importLinkKey(index: number, eui64: Eui64, key: Uint8Array, ncp: NcpCore): number {
  return IMPORT_STATUS[ncp.stack.importLinkKey(index === NO_INDEX ? -1 : index, eui64, Uint8Array.from(key))];
}

const inTable = (index: number, ncp: NcpCore) => index < ncp.ram.size(Config.KEY_TABLE_SIZE);

/** To everyone or to one. A key of zeros asks the NCP to make one up. */
function nextNetworkKey(key: Uint8Array, ncp: NcpCore, only?: Eui64): { status: number } {
  const current = ncp.stack.networkKey();
  if (ncp.ram.state !== "up" || !current) return { status: Status.NETWORK_DOWN };
  const made = key.every((octet) => octet === 0) ? ncp.random.bytes(16) : Uint8Array.from(key);
  ncp.stack.distributeNetworkKey(made, (current.sequence + 1) & 0xff, only);
  return OK;
}

function switchKey(ncp: NcpCore): { status: number } {
  if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN };
  const next = ncp.stack.snapshot().networkKeys.find((each) => !each.active);
  if (!next) return { status: Status.INVALID_STATE };
  ncp.stack.switchNetworkKey();
  ncp.emit(callbacks.switchNetworkKey, { sequence: next.sequence });
  return OK;
}

export const securityHandlers: readonly Handler[] = [
  on(commands.setInitialSecurityState, (state, ncp) => {
    if (ncp.ram.state !== "down") return { status: Status.INVALID_STATE };
    ncp.ram.securityBitmask = state.bitmask;
    ncp.ram.initialSecurity = {
      networkKey: Uint8Array.from(state.networkKey),
      sequence: state.networkKeySequence,
      trustCenterKey: Uint8Array.from(state.preconfiguredKey),
    };
    return OK;
  }),
  on(commands.getCurrentSecurityState, (_request, ncp) => ({
    status: ncp.ram.state === "up" ? Status.OK : Status.NOT_JOINED,
    bitmask: ncp.flash.securityBitmask,
    trustCenterEui64: ncp.ram.state === "up" ? ncp.stack.eui64 : NO_EUI,
  })),
  on(commands.clearKeyTable, (_request, ncp) => {
    ncp.stack.clearLinkKeys();
    return OK;
  }),
  on(commands.importLinkKey, ({ index, address, key }, ncp) => ({
    status: importLinkKey(index, address, key, ncp),
  })),
  on(commands.exportLinkKeyByIndex, ({ index }, ncp) => {
    const found = linkKeys(ncp).find((each) => each.index === index);
    return exported(KeyType.APP_LINK, found, inTable(index, ncp) ? Status.NOT_FOUND : Status.INVALID_INDEX);
  }),
  on(commands.exportLinkKeyByEui, ({ eui64 }, ncp) =>
    exported(
      KeyType.APP_LINK,
      linkKeys(ncp).find((each) => each.eui64 === eui64),
    ),
  ),
  on(commands.eraseKeyTableEntry, ({ index }, ncp) => {
    if (!inTable(index, ncp)) return { status: Status.INVALID_INDEX };
    ncp.stack.eraseLinkKey(index);
    return OK;
  }),
  on(commands.findKeyTableEntry, ({ address }, ncp) => {
    const taken = linkKeys(ncp);
    if (address !== NO_EUI) return { index: taken.find((each) => each.eui64 === address)?.index ?? NO_INDEX };
    const free = Array.from({ length: ncp.ram.size(Config.KEY_TABLE_SIZE) }, (_, index) => index).find(
      (index) => !taken.some((each) => each.index === index),
    );
    return { index: free ?? NO_INDEX };
  }),
  on(commands.importTransientKey, ({ eui64, key }, ncp) => ({
    status: ncp.stack.importTransientKey(eui64, Uint8Array.from(key)) ? Status.OK : Status.FULL,
  })),
  on(commands.exportTransientKeyByIndex, ({ index }, ncp) =>
    exported(KeyType.TC_LINK_WITH_TIMEOUT, transientKeys(ncp)[index]),
  ),
  on(commands.exportTransientKeyByEui, ({ eui64 }, ncp) =>
    exported(
      KeyType.TC_LINK_WITH_TIMEOUT,
      transientKeys(ncp).find((each) => each.eui64 === eui64),
    ),
  ),
  on(commands.clearTransientLinkKeys, (_request, ncp) => {
    ncp.stack.clearTransientKeys();
    return {};
  }),
  on(commands.exportKey, ({ context }, ncp) => {
    const found = lookUp(context, ncp);
    return { status: found ? Status.OK : missing(context), key: found?.key ?? noKey(), context };
  }),
  on(commands.importKey, ({ context, key }, ncp) => {
    switch (context.coreKeyType) {
      case KeyType.APP_LINK:
        return { status: importLinkKey(context.keyIndex, context.eui64, key, ncp), context };
      case KeyType.TC_LINK_WITH_TIMEOUT: {
        const taken = ncp.stack.importTransientKey(context.eui64, Uint8Array.from(key));
        return { status: taken ? Status.OK : Status.FULL, context };
      }
      default:
        return { status: Status.INVALID_TYPE, context };
    }
  }),
  on(commands.checkKeyContext, ({ context }) => ({
    status: isKnownType(context) ? Status.OK : Status.INVALID_TYPE,
  })),
  on(commands.getApsKeyInfo, ({ context }, ncp) => {
    if (context.coreKeyType === KeyType.NETWORK || !isKnownType(context))
      return { ...exported(context.coreKeyType, undefined), status: Status.INVALID_TYPE, context };
    const found = lookUp(context, ncp);
    return exported(context.coreKeyType, found);
  }),
  on(commands.getNetworkKeyInfo, (_request, ncp) => {
    const current = ncp.stack.networkKey();
    const other = ncp.stack.snapshot().networkKeys.find((each) => !each.active);
    return {
      status: Status.OK,
      info: {
        networkKeySet: current ? 1 : 0,
        alternateNetworkKeySet: other ? 1 : 0,
        networkKeySequence: current?.sequence ?? 0,
        alternateNetworkKeySequence: other?.sequence ?? 0,
        networkKeyFrameCounter: current?.frameCounter ?? 0,
      },
    };
  }),
  on(commands.broadcastNextNetworkKey, ({ key }, ncp) => nextNetworkKey(key, ncp)),
  on(commands.unicastNwkKeyUpdate, ({ destinationLong, key }, ncp) =>
    nextNetworkKey(key, ncp, destinationLong),
  ),
  on(commands.broadcastNetworkKeySwitch, (_request, ncp) => switchKey(ncp)),
  on(commands.removeDevice, ({ targetLong }, ncp) => {
    if (ncp.ram.state !== "up") return { status: Status.NETWORK_DOWN };
    ncp.stack.removeDevice(targetLong);
    return OK;
  }),
];
