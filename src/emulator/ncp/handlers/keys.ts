import { Eui64 } from "../../../base/eui64.ts";
import { commands } from "../../ezsp/commands.ts";
import { Status } from "../../ezsp/status.ts";
import { KeyType } from "../../ezsp/structures.ts";
import { type Handler, type NcpCore, on } from "../core.ts";
import { Config } from "../profile.ts";
import {
  exported,
  isKnownType,
  linkKeys,
  lookUp,
  missing,
  NO_INDEX,
  noKey,
  transientKeys,
} from "../stored-keys.ts";

const OK = { status: Status.OK };
const NO_EUI = Eui64("0000000000000000");

const IMPORT_STATUS = {
  ok: Status.OK,
  "table-full": Status.FULL,
  "invalid-index": Status.INVALID_INDEX,
} as const;

function importLinkKey(index: number, eui64: Eui64, key: Uint8Array, ncp: NcpCore): number {
  return IMPORT_STATUS[ncp.stack.importLinkKey(index === NO_INDEX ? -1 : index, eui64, Uint8Array.from(key))];
}

const inTable = (index: number, ncp: NcpCore) => index < ncp.ram.size(Config.KEY_TABLE_SIZE);

/** Link keys and transient keys: the tables, and the security manager's view of them. */
export const keyHandlers: readonly Handler[] = [
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
];
