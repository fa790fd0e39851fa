import { fromHex, toHex } from "../../../base/bytes.ts";
import type { ApsLayer } from "../aps/aps.ts";
import type { StackSnapshot } from "../coordinator.ts";
import type { NwkLayer } from "../network/nwk.ts";
import type { NetworkKey } from "../security/network-keys.ts";
import type { LinkKeyTable } from "./link-key-table.ts";
import type { OwnNetwork } from "./own-network.ts";
import type { TrustCenter } from "./trust-center.ts";

/** The parts of a coordinator whose state outlives its power. */
export interface Lasting {
  nwk: NwkLayer;
  aps: ApsLayer;
  keys: LinkKeyTable;
  trustCenter: TrustCenter;
  network: OwnNetwork;
}

/** What the coordinator's flash holds now. */
export function snapshotOf({ nwk, aps, keys, trustCenter, network }: Lasting): StackSnapshot {
  const { active, other } = nwk.keys;
  const networkKey = (each: NetworkKey | undefined, isActive: boolean) =>
    each ? [{ key: toHex(each.key), sequence: each.sequence, active: isActive }] : [];
  const { globalKey } = trustCenter;
  return {
    eui64: nwk.eui64,
    ...(network.parameters ? { network: { ...network.parameters } } : {}),
    networkKeys: [...networkKey(active, true), ...networkKey(other, false)],
    outgoingFrameCounter: nwk.counter.reserved,
    outgoingApsFrameCounter: aps.security.counter.reserved,
    ...(globalKey ? { trustCenterKey: toHex(globalKey) } : {}),
    linkKeys: keys.entries().map(({ link }) => ({
      eui64: link.eui64,
      key: toHex(link.key),
      outgoingFrameCounter: aps.security.counter.reserved,
      incomingFrameCounter: link.incoming,
    })),
    children: trustCenter.children.all().map((child) => ({ ...child })),
  };
}

/** Puts back what an earlier instance left; the frame counters were given to the layers when they were made. */
export function restore({ nwk, keys, trustCenter, network }: Lasting, snapshot: StackSnapshot): void {
  if (snapshot.network) network.parameters = { ...snapshot.network };
  for (const { key, sequence, active } of snapshot.networkKeys)
    nwk.keys[active ? "active" : "other"] = { key: fromHex(key), sequence };
  if (snapshot.trustCenterKey !== undefined) trustCenter.globalKey = fromHex(snapshot.trustCenterKey);
  if (snapshot.linkKeys.length > keys.size) keys.resize(snapshot.linkKeys.length);
  for (const { eui64, key, incomingFrameCounter } of snapshot.linkKeys)
    keys.import(-1, eui64, fromHex(key), incomingFrameCounter);
  for (const child of snapshot.children) trustCenter.children.restore({ ...child });
}
