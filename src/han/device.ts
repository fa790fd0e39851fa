import type { DeviceType } from "../base/device-type.ts";
import type { Eui64 } from "../base/eui64.ts";
import type { InstallCode } from "../base/install-code.ts";
import { type JoinState, joinStart } from "./join/state.ts";
import type { StartKey } from "./join/window.ts";
import type { TunnelClient } from "./tunnel/client.ts";

/** A device that may be on the HAN, as the installer or the head-end named it. */
export interface DeviceSpec {
  eui64: Eui64;
  /** Undefined until a restored device has said what it is. */
  type: DeviceType | undefined;
  installCode?: InstallCode;
  /** MaximumIncomingTransferSize of its tunnel, in octets. */
  transferSize: number;
}

/** What a person may know of a device; never its keys. */
export interface DeviceView {
  eui64: Eui64;
  type: DeviceType | undefined;
  joined: boolean;
  /** How far it is on its way in. */
  join: JoinState["at"];
  /** It may join now. */
  window: boolean;
  tunnel: "open" | "closed";
  lqi: number | undefined;
  rssi: number | undefined;
  /** Unix milliseconds of the last frame from it. */
  lastHeard: number | undefined;
}

/** A device and what the hub has learnt of it. */
export interface HanDevice {
  readonly spec: DeviceSpec;
  readonly tunnel: TunnelClient | undefined;
  /** Short address; undefined until it joined or was found. */
  nodeId: number | undefined;
  /** The same, kept when it is gone. */
  lastNodeId: number | undefined;
  join: JoinState;
  /** The key it is, or was last, admitted with. */
  start: StartKey | undefined;
  lqi: number | undefined;
  rssi: number | undefined;
  lastHeard: number | undefined;
}

/** A device of which nothing has been heard; `keyed`: the Device Log holds a link key with it. */
export function makeDevice(spec: DeviceSpec, tunnel: TunnelClient | undefined, keyed: boolean): HanDevice {
  return {
    spec,
    tunnel,
    nodeId: undefined,
    lastNodeId: undefined,
    join: joinStart(keyed),
    start: undefined,
    lqi: undefined,
    rssi: undefined,
    lastHeard: undefined,
  };
}

/** `opened`: the device has opened a tunnel itself. */
export function viewOf(device: HanDevice, opened: boolean): DeviceView {
  return {
    eui64: device.spec.eui64,
    type: device.spec.type,
    joined: device.join.at === "in",
    join: device.join.at,
    window: device.join.window,
    tunnel: opened || device.tunnel?.phase === "open" ? "open" : "closed",
    lqi: device.lqi,
    rssi: device.rssi,
    lastHeard: device.lastHeard,
  };
}

/** Device types to which the hub opens a tunnel as client (communications-hub A2.14; SAPC is an ESME in this). */
export const TUNNEL_SERVERS: ReadonlySet<DeviceType> = new Set(["esme", "sapc", "ppmid", "hcalcs"]);
