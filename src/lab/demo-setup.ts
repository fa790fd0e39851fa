import { Eui64 } from "../base/eui64.ts";
import { InstallCode } from "../base/install-code.ts";
import { DEFAULT_COORDINATOR, VECTOR_TRANSFER_SIZE } from "./emulator.ts";
import { deviceSettings, type HubPlaces, hubSettings, MACHINE_CLOCK } from "./hub-settings.ts";

/** Identities of the published vectors. */
export const CHF = Eui64("00db1234567890a2");
export const ESME = Eui64("00db1234567890a0");
export const ACCESS_CONTROL_BROKER = Eui64("90b3d51f30000002");

/** What the meter's label says, with its CRC. */
export const INSTALL_CODE = InstallCode("83FED3407A939723A5C639B26916D505C3B5");

/** Settings of the demo's hub, as `hanway run` takes them. */
export function hubToml(place: HubPlaces & { vectors: boolean; house: string | undefined }): string {
  // A meter that is paired here keeps its install code's key.
  const meter = { eui64: ESME, type: "esme", installCode: INSTALL_CODE } as const;
  const devices = place.house ?? deviceSettings(meter, place.vectors ? VECTOR_TRANSFER_SIZE : 1_500);
  const joinSeconds = place.house === undefined ? 120 : 0;
  const hub = { tenant: "demo", chf: CHF, gpf: DEFAULT_COORDINATOR, joinSeconds };
  return hubSettings(hub, place, `${MACHINE_CLOCK}${devices}`);
}
