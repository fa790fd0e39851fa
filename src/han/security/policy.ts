/** Profile identifier of Zigbee Smart Energy. */
export const PROFILE_SMART_ENERGY = 0x0109;
/** Profile identifier of the Zigbee Device Object. */
export const PROFILE_ZDO = 0x0000;

const OTA_UPGRADE = 0x0019;
const IMAGE_NOTIFY = 0x00;

/**
 * Clusters whose unicasts must carry APS encryption with the link key, both ways
 * (Smart Energy security table; Keep-Alive by the same reading). The rest — Basic, Identify, Key Establishment —
 * goes under the network key alone.
 */
const LINK_KEY_CLUSTERS: ReadonlySet<number> = new Set([
  0x000a, // Time
  OTA_UPGRADE,
  0x0025, // Keep-Alive
  0x0700, // Price
  0x0701, // Demand Response and Load Control
  0x0702, // Metering
  0x0703, // Messaging
  0x0704, // Tunnelling
  0x0705, // Prepayment
  0x0706, // Energy Management
  0x0707, // Calendar
  0x0708, // Device Management
  0x0709, // Events
  0x070a, // MDU Pairing
  0x070b, // Sub-GHz
]);

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
  return LINK_KEY_CLUSTERS.has(frame.cluster);
}

/** Broadcasts that a hub takes from others: those whose cluster needs no link key, and the OTA Image Notify. */
export function acceptsBroadcast(frame: SecuredFrame): boolean {
  if (frame.profile !== PROFILE_SMART_ENERGY) return true;
  if (frame.cluster === OTA_UPGRADE) return frame.command === IMAGE_NOTIFY;
  return !LINK_KEY_CLUSTERS.has(frame.cluster);
}
