import { fromHex, toHex } from "./bytes.ts";
import { HanwayError } from "./error.ts";

/**
 * An EUI-64 (IEEE address, GBCS Entity Identifier) as 16 lower-case hex digits, most significant octet first:
 * the form of topics, logs and map keys. GBCS carries it in this order; Zigbee sends it reversed over the air.
 */
export type Eui64 = string & { readonly __brand: "Eui64" };

const FORM = /^[0-9a-f]{16}$/;

/** Parses 16 hex digits, either case, also grouped by `:` or `-` in pairs. Throws `decode/value`. */
export function Eui64(text: string, field = "eui64"): Eui64 {
  const plain = text.toLowerCase().replace(/^0x/, "");
  const joined = /^(?:[0-9a-f]{2}[:-]){7}[0-9a-f]{2}$/.test(plain) ? plain.replace(/[:-]/g, "") : plain;
  if (!FORM.test(joined)) {
    throw new HanwayError("decode/value", `"${text.slice(0, 40)}" is not 16 hex digits`, { field });
  }
  return joined as Eui64;
}

/** From 8 octets, most significant first (GBCS order). */
export function eui64FromBytes(bytes: Uint8Array, offset = 0): Eui64 {
  if (bytes.length < offset + 8) {
    throw new HanwayError("decode/truncated", "8 octets wanted", { field: "eui64", offset });
  }
  return toHex(bytes.subarray(offset, offset + 8)) as Eui64;
}

/** From 8 octets, least significant first (Zigbee over-the-air and EZSP order). */
export function eui64FromBytesLE(bytes: Uint8Array, offset = 0): Eui64 {
  if (bytes.length < offset + 8) {
    throw new HanwayError("decode/truncated", "8 octets wanted", { field: "eui64", offset });
  }
  return toHex(bytes.slice(offset, offset + 8).reverse()) as Eui64;
}

/** 8 octets, most significant first (GBCS order). */
export function eui64ToBytes(eui64: Eui64): Uint8Array {
  return fromHex(eui64);
}

/** 8 octets, least significant first (Zigbee order). */
export function eui64ToBytesLE(eui64: Eui64): Uint8Array {
  return fromHex(eui64).reverse();
}
