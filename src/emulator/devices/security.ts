/** Smart Energy profile id. */
export const SE_PROFILE = 0x0109;

/** Clusters that a Smart Energy endpoint also takes under the network key alone (ZSE 5.4.6). */
const NETWORK_KEY_SUFFICES: ReadonlySet<number> = new Set([0x0000, 0x0003, 0x0800]);

/** Whether a unicast on this cluster of a Smart Energy endpoint must be secured with the link key. */
export function needsLinkKey(profile: number, cluster: number): boolean {
  return profile === SE_PROFILE && !NETWORK_KEY_SUFFICES.has(cluster);
}
