import { createCipheriv } from "node:crypto";

const BLOCK = 16;

/**
 * The Zigbee hash: Matyas-Meyer-Oseas over AES-128 (Zigbee B.6), 16 octets out.
 * Input up to 8,191 octets, the range in which the padding carries a 16-bit length.
 */
export function aesMmo(message: Uint8Array): Uint8Array {
  const blocks = Math.ceil((message.length + 3) / BLOCK);
  const padded = new Uint8Array(blocks * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  const bits = message.length * 8;
  padded[padded.length - 2] = bits >> 8;
  padded[padded.length - 1] = bits & 0xff;

  let hash: Uint8Array = new Uint8Array(BLOCK);
  for (let at = 0; at < padded.length; at += BLOCK) {
    const block = padded.subarray(at, at + BLOCK);
    const cipher = createCipheriv("aes-128-ecb", hash, null).setAutoPadding(false);
    const next = new Uint8Array(cipher.update(block));
    for (let i = 0; i < BLOCK; i++) next[i] = (next[i] ?? 0) ^ (block[i] ?? 0);
    hash = next;
  }
  return hash;
}

/** HMAC over the Zigbee hash with its 16-octet block; the key is at most 16 octets (Zigbee B.1.4). */
export function hmacAesMmo(key: Uint8Array, message: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK + message.length).fill(0x36, 0, BLOCK);
  const outer = new Uint8Array(BLOCK * 2).fill(0x5c, 0, BLOCK);
  key.forEach((octet, i) => {
    inner[i] = octet ^ 0x36;
    outer[i] = octet ^ 0x5c;
  });
  inner.set(message, BLOCK);
  outer.set(aesMmo(inner), BLOCK);
  return aesMmo(outer);
}
