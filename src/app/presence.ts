import type { Presence } from "../base/uplink.ts";
import type { DeviceView } from "../han/device.ts";
import type { NetworkInfo, RadioState } from "../han/radio/port.ts";

/** Brings what the broker retains of the HAN up to date. */
export function tellPresence(
  presence: Presence,
  network: NetworkInfo | undefined,
  radio: RadioState,
  devices: readonly DeviceView[],
): void {
  presence.state("han", {
    radio,
    channel: network?.channel ?? null,
    panId: network?.panId ?? null,
    extendedPanId: network?.extendedPanId ?? null,
    devices: devices.length,
    joined: devices.filter((device) => device.joined).length,
  });
  for (const { eui64, type, joined, lqi, rssi, lastHeard } of devices) {
    presence.device(eui64, {
      type: type ?? null,
      joined,
      band: "2.4 GHz",
      signal: { lqi, rssi },
      lastHeard: lastHeard === undefined ? null : new Date(lastHeard).toISOString(),
    });
  }
}
