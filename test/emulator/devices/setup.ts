import { fromHex } from "../../../src/base/bytes.ts";
import type { DeviceType } from "../../../src/base/device-type.ts";
import { type InstallCode, installCodeFromBare } from "../../../src/base/install-code.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { installCodeKey } from "../../../src/cbke/install-code.ts";
import { createEmulatedDevice } from "../../../src/emulator/devices/create.ts";
import { deviceCredentials } from "../../../src/emulator/devices/credentials.ts";
import type {
  DeviceEvent,
  EmulatedDevice,
  EmulatedDeviceOptions,
} from "../../../src/emulator/devices/device.ts";
import { Home, METER } from "../home.ts";
import { Host } from "../host.ts";
import { authorities, KeyServer } from "../key-server.ts";

export const CODE: InstallCode = installCodeFromBare(fromHex("83fed3407a939723a5c639b26916d505"));

export interface Keyed {
  home: Home;
  host: Host;
  server: KeyServer;
}

/** A home whose coordinator serves key establishment. */
export function keyedHome(seed = 4, issuedBy = authorities()): Keyed {
  const home = new Home(seed);
  const host = new Host(home.hub);
  const server = new KeyServer(home, host, issuedBy);
  return { home, host, server };
}

/** A device of one kind with its certificate, admitted by its install code, still switched off. */
export function admitted(
  { home }: Pick<Keyed, "home">,
  type: DeviceType,
  options: Partial<EmulatedDeviceOptions> = {},
): { device: EmulatedDevice; events: DeviceEvent[] } {
  const eui64 = options.eui64 ?? METER;
  const device = createEmulatedDevice({
    type,
    air: home.air,
    clock: home.clock,
    random: new SeededRandom(8),
    eui64,
    installCode: CODE,
    cbke: deviceCredentials(authorities(), eui64),
    ...options,
  });
  const events: DeviceEvent[] = [];
  device.on((event) => {
    if (event.type !== "changed") events.push(event);
  });
  home.hub.importLinkKey(-1, eui64, installCodeKey(CODE));
  home.hub.permitJoining(255);
  return { device, events };
}
