import type { ByteReader, ByteWriter } from "../../base/bytes.ts";
import { inside } from "../../zcl/place.ts";
import { type GbzComponent, readComponent, writeComponent } from "./component.ts";

/** Reads `count` components, the last of them marked as such. */
export function readComponents(reader: ByteReader, count: number): GbzComponent[] {
  const components: GbzComponent[] = [];
  while (components.length < count) {
    try {
      components.push(readComponent(reader, components.length === count - 1));
    } catch (error) {
      throw inside(error, `components[${components.length}]`);
    }
  }
  return components;
}

/** Writes components in order. Throws `encode/value`. */
export function writeComponents(writer: ByteWriter, components: readonly GbzComponent[]): void {
  components.forEach((component, i) => {
    try {
      writeComponent(writer, component, i === components.length - 1);
    } catch (error) {
      throw inside(error, `components[${i}]`);
    }
  });
}
