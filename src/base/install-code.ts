import { fromHex } from "./bytes.ts";
import { HanwayError } from "./error.ts";

/**
 * An install code: 6, 8, 12 or 16 octets followed by its CRC-16/X-25, low octet first, as on the label
 * (Zigbee Smart Energy 5.4.8.1). A secret: never logged, never in an error.
 */
export type InstallCode = Uint8Array & { readonly __brand: "InstallCode" };

const LENGTHS = [6, 8, 12, 16];

/**
 * Parses the label's hex, with or without spaces or dashes between groups. The CRC must be there and right:
 * it is the only guard against a mistyped code, so a wrong one is refused and never repaired.
 * Throws `decode/length` or `decode/checksum`.
 */
export function InstallCode(text: string, field = "installCode"): InstallCode {
  const plain = text.replace(/[\s-]/g, "");
  if (!/^[0-9a-fA-F]*$/.test(plain))
    throw new HanwayError("decode/value", "only hex digits are allowed", { field });
  if (!LENGTHS.some((length) => plain.length === (length + 2) * 2)) {
    const allowed = LENGTHS.map((length) => length * 2 + 4).join(", ");
    throw new HanwayError(
      "decode/length",
      `${plain.length} hex digits; allowed with the CRC are ${allowed}`,
      { field },
    );
  }
  const code = fromHex(plain);
  const at = code.length - 2;
  const given = (code[at] ?? 0) | ((code[at + 1] ?? 0) << 8);
  if (crc16X25(code.subarray(0, at)) !== given) {
    throw new HanwayError(
      "decode/checksum",
      "the last group (CRC) does not fit the code; read the label again",
      {
        field,
        offset: at,
      },
    );
  }
  return code as InstallCode;
}

/** An install code from its bare octets, with the CRC added. */
export function installCodeFromBare(bare: Uint8Array): InstallCode {
  if (!LENGTHS.includes(bare.length)) {
    throw new HanwayError("decode/length", `${bare.length} octets; allowed are ${LENGTHS.join(", ")}`, {
      field: "installCode",
    });
  }
  const crc = crc16X25(bare);
  return Uint8Array.of(...bare, crc & 0xff, crc >> 8) as InstallCode;
}

/** CRC-16/X-25: polynomial 0x1021 reflected, initial and final XOR 0xFFFF ("123456789" gives 0x906E). */
export function crc16X25(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const octet of bytes) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  }
  return crc ^ 0xffff;
}
