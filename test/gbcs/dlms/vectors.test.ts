import { expect, it } from "vitest";
import { equalBytes, toHex } from "../../../src/base/bytes.ts";
import { type Data, type DlmsApdu, decodeDlms, encodeDlms } from "../../../src/gbcs/dlms/index.ts";
import { describeShared } from "../../shared-data.ts";
import { isDlms, readVectors } from "../vectors.ts";

/** The tree with its n-th leaf changed, or undefined where it has no n-th leaf; strings grow by an octet. */
function changeLeaf(apdu: DlmsApdu, n: number): DlmsApdu | undefined {
  let left = n;
  const change = (data: Data): Data => {
    if (data.type === "array" || data.type === "structure" || data.type === "compact-array")
      return { ...data, value: data.value.map(change) } as Data;
    if (data.type === "null" || data.type === "dont-care" || left-- !== 0) return data;
    return changed(data);
  };
  const result =
    apdu.type === "data-notification"
      ? { ...apdu, body: change(apdu.body) }
      : { ...apdu, data: apdu.data.map(change) };
  return left < 0 ? result : undefined;
}

function changed(data: Data): Data {
  switch (data.type) {
    case "octet-string":
      return { type: data.type, value: Uint8Array.from([...data.value, 0x5a]) };
    case "boolean":
      return { type: "boolean", value: !data.value };
    case "bit-string":
      if (data.bits === 0) return { type: data.type, bits: 8, value: Uint8Array.of(0x5a) };
      return {
        type: data.type,
        bits: data.bits,
        value: data.value.map((octet, i) => (i === 0 ? octet ^ 0x80 : octet)),
      };
    case "visible-string":
    case "utf8-string":
      return { type: data.type, value: `${data.value}!` };
    default: {
      if (!("value" in data) || typeof data.value !== "number") return data;
      return { ...data, value: data.value % 2 === 0 ? data.value + 1 : data.value - 1 } as Data;
    }
  }
}

/** Octets from the first to the last difference, counted from either end. */
function differingSpan(a: Uint8Array, b: Uint8Array): number {
  let head = 0;
  while (head < a.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return a.length - head - tail;
}

describeShared("published DLMS contents", "rtds.jsonl", (path) => {
  const vectors = readVectors(path).filter(({ envelope }) => isDlms(envelope.content));

  it("all encode back to the same octets from their values alone", () => {
    const different = vectors.filter(({ envelope }) => {
      const tree = structuredClone(decodeDlms(envelope.content));
      return !equalBytes(encodeDlms(tree), envelope.content);
    });
    expect(vectors.length).toBe(564);
    expect(different.map(({ name }) => name)).toEqual([]);
  });

  it("change only in the field, and the lengths around it, when one leaf changes", () => {
    let leaves = 0;
    for (const [i, { envelope, name }] of vectors.entries()) {
      const apdu = decodeDlms(envelope.content);
      for (let n = i % 3; ; n += 7) {
        const other = changeLeaf(apdu, n);
        if (!other) break;
        leaves++;
        const octets = encodeDlms(other);
        expect(toHex(encodeDlms(decodeDlms(octets)))).toBe(toHex(octets));
        const grown = octets.length - envelope.content.length;
        expect(grown === 0 || grown === 1 || grown === 2, name).toBe(true);
        if (grown === 0) expect(differingSpan(envelope.content, octets), name).toBe(1);
      }
    }
    expect(leaves).toBeGreaterThan(500);
  });
});
