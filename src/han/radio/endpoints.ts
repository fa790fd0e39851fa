import type { RadioEndpoint } from "./herdsman.ts";

export type { RadioEndpoint };

/** Endpoint numbers of the hub; devices find them by Match_Desc and Simple_Desc, so they are free. */
export const GPF_ESI_ENDPOINT = 1;
const GPF_MIRROR_ENDPOINT = 2;
export const CHF_ENDPOINT = 3;

/** What the coordinator answers to Simple_Desc: Communications Hub Function and Gas Proxy Function (CHTS; ZSE 1.4). */
export const HUB_ENDPOINTS: readonly RadioEndpoint[] = [
  {
    endpoint: GPF_ESI_ENDPOINT,
    deviceId: 0x0500,
    serverClusters: [0x0000, 0x0003, 0x0700, 0x0703, 0x0705, 0x0707, 0x0708, 0x0709, 0x0800],
    clientClusters: [0x0702, 0x0705, 0x0800],
  },
  {
    endpoint: GPF_MIRROR_ENDPOINT,
    deviceId: 0x0501,
    serverClusters: [0x0000, 0x0003, 0x0702, 0x0705],
    clientClusters: [0x0702, 0x0705],
  },
  {
    endpoint: CHF_ENDPOINT,
    deviceId: 0x0508,
    serverClusters: [0x0000, 0x0003, 0x000a, 0x0019, 0x0025, 0x0704, 0x070b, 0x0800],
    clientClusters: [0x0704, 0x0800],
  },
];
