import type { InstallCode } from "../base/install-code.ts";
import { aesMmo } from "./aes-mmo.ts";

/** The preconfigured link key of an install code: the Zigbee hash over code and CRC, 16 octets. */
export function installCodeKey(code: InstallCode): Uint8Array {
  return aesMmo(code);
}
