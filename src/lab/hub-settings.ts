import { toHex } from "../base/bytes.ts";
import type { DeviceType } from "../base/device-type.ts";
import type { Eui64 } from "../base/eui64.ts";

/** Where a hub of the lab finds its folder, broker and radio. */
export interface HubPlaces {
  dataDir: string;
  broker: string;
  radio: string;
}

/** The TOML settings of a hub of the lab, as `hanway run` takes them; `more` stands behind them. */
export function hubSettings(
  { tenant, chf, gpf, joinSeconds }: { tenant: string; chf: Eui64; gpf: Eui64; joinSeconds: number },
  places: HubPlaces,
  more = "",
): string {
  return `
[hub]
tenant = "${tenant}"
chf = "${chf}"
gpf = "${gpf}"
dataDir = ${JSON.stringify(places.dataDir)}
joinSeconds = ${joinSeconds}
[radio]
port = "${places.radio}"
channel = 11
[[wan.broker]]
url = "${places.broker}"
${more}`;
}

/** The machine's clock is taken as right, as in a container. */
export const MACHINE_CLOCK = '[clock]\nsources = ["machine"]\n';

/** A device that is paired by the settings. */
export function deviceSettings(
  { eui64, type, installCode }: { eui64: Eui64; type: DeviceType; installCode: Uint8Array },
  transferSize: number,
): string {
  return `
[[device]]
eui64 = "${eui64}"
type = "${type}"
installCode = "${toHex(installCode)}"
transferSize = ${transferSize}
`;
}
