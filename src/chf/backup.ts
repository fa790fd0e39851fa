import { type Eui64, eui64ToBytes } from "../base/eui64.ts";
import { type Data, dateTimeFromUnix, encodeDateTime } from "../gbcs/dlms/index.ts";

const NO_PAN = new Uint8Array(8);
const NO_HASH = new Uint8Array(0);

/**
 * What backup_PAN returns and CS14 carries: when, which network, and each device with the hash of its Trust Centre link
 * key, which is empty before it has one.
 */
export function backupOf(
  entries: readonly { readonly eui64: Eui64; readonly keyHash: Uint8Array | undefined }[],
  extendedPanId: Eui64 | undefined,
  now: number,
): Data {
  const devices = entries.map(({ eui64, keyHash }) =>
    structure(octets(eui64ToBytes(eui64)), octets(keyHash ?? NO_HASH)),
  );
  return structure(
    octets(encodeDateTime(dateTimeFromUnix(now))),
    octets(extendedPanId === undefined ? NO_PAN : eui64ToBytes(extendedPanId)),
    { type: "array", value: devices },
  );
}

function structure(...value: Data[]): Data {
  return { type: "structure", value };
}

function octets(value: Uint8Array): Data {
  return { type: "octet-string", value };
}
