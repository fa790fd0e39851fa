/** Profile identifier of Zigbee Smart Energy. */
export const PROFILE_SMART_ENERGY = 0x0109;
/** Profile identifier of the Zigbee Device Object. */
export const PROFILE_ZDO = 0x0000;

const OTA_UPGRADE = 0x0019;
const IMAGE_NOTIFY = 0x00;

/**
 * Clusters that go under the network key alone: Basic, Identify and Key Establishment, which are needed before there
 * is a link key (Smart Energy security table). Every other cluster of the profile, known or not, must carry APS
 * encryption with the link key, both ways.
 */
const NETWORK_KEY_CLUSTERS: ReadonlySet<number> = new Set([0x0000, 0x0003, 0x0800]);

export interface SecuredFrame {
  profile: number;
  cluster: number;
  broadcast: boolean;
  /** First octets of the ZCL frame decide for OTA; only looked at there. */
  command?: number | undefined;
}

/** Whether a frame, coming in or going out, is refused without APS encryption. */
export function needsLinkKey(frame: SecuredFrame): boolean {
  if (frame.profile !== PROFILE_SMART_ENERGY) return false;
  if (frame.broadcast) return false;
  return !NETWORK_KEY_CLUSTERS.has(frame.cluster);
}

/** Broadcasts that a hub takes from others: those whose cluster needs no link key, and the OTA Image Notify. */
export function acceptsBroadcast(frame: SecuredFrame): boolean {
  if (frame.profile !== PROFILE_SMART_ENERGY) return true;
  if (frame.cluster === OTA_UPGRADE) return frame.command === IMAGE_NOTIFY;
  return NETWORK_KEY_CLUSTERS.has(frame.cluster);
}
