import { describe, expect, test } from "vitest";
import {
  acceptsBroadcast,
  needsLinkKey,
  PROFILE_SMART_ENERGY as profile,
} from "../../../src/han/security/policy.ts";

const unicast = (cluster: number) => ({ profile, cluster, broadcast: false });
const broadcast = (cluster: number, command?: number) => ({ profile, cluster, broadcast: true, command });

/** Price, DRLC, Metering, Messaging, Tunneling, Prepayment, Calendar, Device Management, Events, Sub-GHz. */
const SMART_ENERGY = [0x0700, 0x0701, 0x0702, 0x0703, 0x0704, 0x0705, 0x0707, 0x0708, 0x0709, 0x070b];
const TIME = 0x000a;
const OTA_UPGRADE = 0x0019;
const KEEP_ALIVE = 0x0025;
const IMAGE_NOTIFY = 0x00;
const QUERY_NEXT_IMAGE_RESPONSE = 0x02;

describe("ZSE 5.4.6: which frames need the link key", () => {
  test("unicasts of the Smart Energy clusters, of Time, OTA and Keep-Alive", () => {
    for (const cluster of [...SMART_ENERGY, TIME, OTA_UPGRADE, KEEP_ALIVE])
      expect(needsLinkKey(unicast(cluster)), cluster.toString(16)).toBe(true);
  });

  test("unicasts of clusters that the table does not name, such as a maker's own", () => {
    for (const cluster of [0x0b01, 0xfc00]) expect(needsLinkKey(unicast(cluster))).toBe(true);
  });

  test("not those of Basic, Identify and Key Establishment, which come before there is one", () => {
    for (const cluster of [0x0000, 0x0003, 0x0800]) expect(needsLinkKey(unicast(cluster))).toBe(false);
  });

  test("not broadcasts, for which there is no link key, and not other profiles", () => {
    expect(needsLinkKey(broadcast(0x0700))).toBe(false);
    expect(needsLinkKey({ ...unicast(0x0700), profile: 0x0000 })).toBe(false);
  });

  test("of the broadcasts only an Image Notify comes in on a cluster that needs it", () => {
    expect(acceptsBroadcast(broadcast(OTA_UPGRADE, IMAGE_NOTIFY))).toBe(true);
    expect(acceptsBroadcast(broadcast(OTA_UPGRADE, QUERY_NEXT_IMAGE_RESPONSE))).toBe(false);
    expect(acceptsBroadcast(broadcast(OTA_UPGRADE))).toBe(false);
    for (const cluster of [...SMART_ENERGY, TIME]) expect(acceptsBroadcast(broadcast(cluster))).toBe(false);
    expect(acceptsBroadcast(broadcast(0x0000))).toBe(true);
  });
});
