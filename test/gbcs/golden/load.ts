import { readFileSync } from "node:fs";
import { fromHex } from "../../../src/base/bytes.ts";
import { type Certificate, readCertificate } from "../../../src/gbcs/certificate/certificate.ts";
import { type Keystore, readKeystore } from "../../../src/gbcs/keystore.ts";

/** A message of the project's own making. */
export interface Golden {
  readonly name: string;
  readonly kind: string;
  readonly message: Uint8Array;
}

function text(file: string): string {
  return readFileSync(new URL(file, import.meta.url), "utf8");
}

/** Every golden message; `generate.ts` makes them. */
export function goldenMessages(): Golden[] {
  return text("messages.jsonl")
    .trim()
    .split("\n")
    .map((line) => {
      const { name, kind, hex }: { name: string; kind: string; hex: string } = JSON.parse(line);
      return { name, kind, message: fromHex(hex) };
    });
}

/** One of them by name. */
export function golden(name: string): Uint8Array {
  const found = goldenMessages().find((entry) => entry.name === name);
  if (found === undefined) throw new Error(`no golden message "${name}"`);
  return found.message;
}

export function goldenKeystore(): Keystore {
  return readKeystore(text("keystore.json"));
}

export function goldenAuthorities(): { root: Certificate; issuing: Certificate } {
  const { root, issuing }: { root: string; issuing: string } = JSON.parse(text("authorities.json"));
  const read = (base64: string) => readCertificate(new Uint8Array(Buffer.from(base64, "base64")));
  return { root: read(root), issuing: read(issuing) };
}
