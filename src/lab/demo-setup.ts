import { toHex } from "../base/bytes.ts";
import { Eui64 } from "../base/eui64.ts";
import { InstallCode } from "../base/install-code.ts";
import { DEFAULT_COORDINATOR, VECTOR_TRANSFER_SIZE } from "./emulator.ts";

/** Identities of the published vectors. */
export const CHF = Eui64("00db1234567890a2");
export const ESME = Eui64("00db1234567890a0");
export const ACCESS_CONTROL_BROKER = Eui64("90b3d51f30000002");

/** What the meter's label says, with its CRC. */
export const INSTALL_CODE = InstallCode("83FED3407A939723A5C639B26916D505C3B5");

/** Settings of the demo's hub, as `hanway run` takes them. */
export function hubToml(place: {
  dataDir: string;
  broker: string;
  radio: string;
  vectors: boolean;
  house: string | undefined;
}): string {
  const devices = place.house ?? oneMeter(place.vectors);
  return `
[hub]
tenant = "demo"
chf = "${CHF}"
gpf = "${DEFAULT_COORDINATOR}"
dataDir = ${JSON.stringify(place.dataDir)}
joinSeconds = ${place.house === undefined ? 120 : 0}
[radio]
port = "${place.radio}"
channel = 11
[[wan.broker]]
url = "${place.broker}"
[clock]
sources = ["machine"]
${devices}`;
}

/** A meter that is paired here and keeps its install code's key. */
function oneMeter(vectors: boolean): string {
  return `
[[device]]
eui64 = "${ESME}"
type = "esme"
installCode = "${toHex(INSTALL_CODE)}"
transferSize = ${vectors ? VECTOR_TRANSFER_SIZE : 1_500}
`;
}
