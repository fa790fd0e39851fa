import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { readPayload, writePayload } from "../../zcl/frame.ts";
import type { ZclFields } from "../../zcl/value.ts";
import type { EncryptedComponent, GbzComponent, PlainComponent } from "./component.ts";
import type { Gbz } from "./gbz.ts";

/** An encrypted component and its place in the payload. */
export interface EncryptedPart {
  /** Index in the list of components. */
  readonly index: number;
  /** The same place as errors name it, e.g. `components[1]`. */
  readonly field: string;
  readonly component: EncryptedComponent;
}

/** Ciphertext and 12-octet tag from a plaintext, and back; `undefined` where the tag is wrong or no key is held. */
export type Seal = (plaintext: Uint8Array) => Uint8Array;
export type Open = (sealed: Uint8Array) => Uint8Array | undefined;

export function componentsOf(gbz: Gbz): readonly GbzComponent[] {
  if (gbz.kind !== "alert") return gbz.components;
  return gbz.body.form === "components" ? gbz.body.components : [];
}

/** The encrypted components of a payload in order (GBCS 8.2.4); all of one message share key and vector. */
export function encryptedComponents(gbz: Gbz): EncryptedPart[] {
  const parts: EncryptedPart[] = [];
  componentsOf(gbz).forEach((component, index) => {
    if ("encrypted" in component) parts.push({ index, field: `components[${index}]`, component });
  });
  return parts;
}

/**
 * The fields of an encrypted component from its plaintext. Octet leaves are views into it. Throws `decode/*` with the
 * field and the offset within the plaintext.
 */
export function decodeComponentPlaintext(component: EncryptedComponent, plaintext: Uint8Array): ZclFields {
  return readPayload(new ByteReader(plaintext), component.header, component.cluster).fields;
}

/** The plaintext of a component, which is its ZCL payload. Throws `encode/value`. */
export function encodeComponentPlaintext(
  component: Pick<GbzComponent, "header" | "cluster">,
  fields: ZclFields,
): Uint8Array {
  const writer = new ByteWriter(64);
  writePayload(writer, component.header, component.cluster, fields);
  return writer.done();
}

/** A component with its payload opened, or undefined where `open` gives nothing. Throws as the decoder does. */
export function openComponent(component: EncryptedComponent, open: Open): PlainComponent | undefined {
  const plaintext = open(component.encrypted.sealed);
  if (plaintext === undefined) return undefined;
  const { encrypted: _, ...clear } = component;
  return { ...clear, fields: decodeComponentPlaintext(component, plaintext) };
}

/** A component with its payload encrypted; `frameCounter` counts the encrypted components of the message from 0. */
export function sealComponent(
  component: PlainComponent,
  frameCounter: number,
  seal: Seal,
): EncryptedComponent {
  const { fields, ...clear } = component;
  const sealed = seal(encodeComponentPlaintext(component, fields));
  return { ...clear, encrypted: { frameCounter, invocationCounter: 0, sealed } };
}

/**
 * Components with those encrypted that `isSecret` picks, their frame counters counting up from 0 (GBCS 8.2.4). Throws
 * `encode/value`.
 */
export function sealComponents(
  components: readonly PlainComponent[],
  isSecret: (component: PlainComponent) => boolean,
  seal: Seal,
): GbzComponent[] {
  let frameCounter = 0;
  return components.map((component) =>
    isSecret(component) ? sealComponent(component, frameCounter++, seal) : component,
  );
}
