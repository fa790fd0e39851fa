import { HanwayError } from "../base/error.ts";
import type { Eui64 } from "../base/eui64.ts";
import { testAuthorities } from "../cbke/index.ts";
import { deviceCredentials } from "../emulator/devices/credentials.ts";
import type { DeviceCredentials } from "../emulator/devices/key-establishment.ts";
import { readZigbeeCredentials } from "./zigbee-authority.ts";

/**
 * Gives each device its Smart Energy certificates: by the project's own authority of a seed, or out of the folder of
 * a test PKI. Throws `config/*`; the function throws `config/missing` where the folder has none for a device.
 */
export function deviceCertificates(testCa: number | string): (eui64: Eui64) => DeviceCredentials {
  if (typeof testCa === "number") {
    const authorities = testAuthorities(testCa);
    return (eui64) => deviceCredentials(authorities, eui64);
  }
  const { trusted, of } = readZigbeeCredentials(testCa);
  return (eui64) => {
    const credentials = of.get(eui64);
    if (credentials !== undefined) return { credentials, issuers: trusted };
    throw new HanwayError("config/missing", `${testCa} has no Smart Energy certificate of ${eui64}`, {
      field: "testCa",
    });
  };
}
