import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { equalBytes, toHex } from "../../../src/base/bytes.ts";
import { eui64ToBytes } from "../../../src/base/eui64.ts";
import { isConfidential } from "../../../src/gbcs/gbz/confidential.ts";
import {
  componentsOf,
  decodeGbz,
  encodeGbz,
  encryptedComponents,
  type Gbz,
  isGbz,
  openComponent,
  sealComponent,
  sealComponents,
} from "../../../src/gbcs/gbz/index.ts";
import { readKeystore } from "../../../src/gbcs/keystore.ts";
import { open, seal } from "../../../src/gbcs/security/gcm.ts";
import { payloadKey } from "../../../src/gbcs/security/mac.ts";
import { keystoreAgreement } from "../../../src/gbcs/security/recorded.ts";
import { describeShared, sharedData } from "../../shared-data.ts";
import { readVectors, type Vector } from "../vectors.ts";

const kindOf = ({ envelope }: Vector): Gbz["kind"] =>
  envelope.kind === "RESPONSE" ? "response" : envelope.kind === "ALERT" ? "alert" : "command";

/** Copies of a tree, each with the lowest bit of one number or one flag flipped; types, which set lengths, aside. */
function* withOneLeafChanged<T>(tree: T): Generator<T> {
  const walk = function* (node: unknown, path: string[]): Generator<string[]> {
    if (typeof node === "number" || typeof node === "boolean" || typeof node === "bigint") yield path;
    else if (typeof node === "object" && node !== null && !(node instanceof Uint8Array))
      for (const [name, child] of Object.entries(node)) yield* walk(child, [...path, name]);
  };
  for (const path of walk(tree, [])) {
    const copy = structuredClone(tree);
    let holder: object = Object(copy);
    for (const name of path.slice(0, -1)) holder = Object(Reflect.get(holder, name));
    const last = path.at(-1) ?? "";
    if (last === "dataType") continue;
    const leaf: unknown = Reflect.get(holder, last);
    if (typeof leaf === "number") Reflect.set(holder, last, leaf % 2 === 0 ? leaf + 1 : leaf - 1);
    else Reflect.set(holder, last, typeof leaf === "bigint" ? leaf ^ 1n : !leaf);
    yield copy;
  }
}

describeShared("GBZ payloads of the published messages", "rtds.jsonl", (path) => {
  const vectors = readVectors(path).filter(({ envelope }) => isGbz(envelope.content));
  const decode = (vector: Vector) =>
    decodeGbz(vector.envelope.content, kindOf(vector), vector.envelope.messageCode);

  test("every one decodes, with every ZCL command known by name, and encodes back byte for byte", () => {
    expect(vectors.length).toBeGreaterThan(250);
    for (const vector of vectors) {
      const gbz = decode(vector);
      expect(toHex(encodeGbz(gbz)), vector.name).toBe(toHex(vector.envelope.content));
      for (const component of componentsOf(gbz)) expect(component.name, vector.name).toBeDefined();
      if (gbz.kind === "alert") expect(gbz.body.form).not.toBe("octets");
    }
  });

  test("a changed number or flag changes its own octets and nothing else, or is refused where others depend on it", () => {
    let changes = 0;
    for (const vector of vectors) {
      const before = vector.envelope.content;
      for (const changed of withOneLeafChanged(decode(vector))) {
        let after: Uint8Array;
        try {
          after = encodeGbz(changed);
        } catch (error) {
          expect(error).toMatchObject({ code: "encode/value" });
          continue;
        }
        expect(after.length).toBe(before.length);
        const different = [...after.keys()].filter((i) => after[i] !== before[i]);
        expect(different, vector.name).toHaveLength(1);
        changes++;
      }
    }
    expect(changes).toBeGreaterThan(5_000);
  });

  test("the tables of the use case say which components are encrypted, and sealing them gives the same payload", () => {
    const path = sharedData("rtds-keystore.json");
    if (path === undefined) return expect.unreachable();
    const keys = keystoreAgreement(readKeystore(readFileSync(path, "utf8")));
    for (const vector of vectors.filter((one) => kindOf(one) === "response")) {
      const { content, messageCode, originator } = vector.envelope;
      const key = payloadKey(vector.envelope, keys);
      const device = eui64ToBytes(originator);
      const clear = componentsOf(decode(vector)).map((component) => {
        if (!("encrypted" in component)) return component;
        const opened = openComponent(component, (sealed) => key && open(key, device, sealed));
        return opened ?? expect.unreachable(vector.name);
      });
      const components = sealComponents(
        clear,
        (component) => isConfidential(messageCode, component),
        (plaintext) => (key ? seal(key, device, plaintext) : expect.unreachable(vector.name)),
      );
      expect(toHex(encodeGbz({ kind: "response", components })), vector.name).toBe(toHex(content));
    }
  });

  test("every encrypted component opens with the published keys, decodes, and seals to the same octets", () => {
    const keystore = sharedData("rtds-keystore.json");
    if (keystore === undefined) return expect.unreachable();
    const keys = keystoreAgreement(readKeystore(readFileSync(keystore, "utf8")));
    let count = 0;
    for (const vector of vectors) {
      const device = eui64ToBytes(vector.envelope.originator);
      for (const { component } of encryptedComponents(decode(vector))) {
        const key = payloadKey(vector.envelope, keys);
        if (key === undefined) return expect.unreachable(vector.name);
        const opened = openComponent(component, (sealed) => open(key, device, sealed));
        if (opened === undefined) return expect.unreachable(vector.name);
        expect(opened.fields).not.toHaveProperty("payload");
        const again = sealComponent(opened, component.encrypted.frameCounter, (plaintext) =>
          seal(key, device, plaintext),
        );
        expect(equalBytes(again.encrypted.sealed, component.encrypted.sealed), vector.name).toBe(true);
        count++;
      }
    }
    expect(count).toBeGreaterThan(20);
  });
});
