import { dlmsTemplate, useCases } from "../../gbcs/catalogue/tables.ts";
import type { AccessItem, CosemAttribute, DeviceKind } from "../../gbcs/catalogue/types.ts";
import { type Data, obisText } from "../../gbcs/dlms/index.ts";
import { defaultData } from "./defaults.ts";

/** One attribute or method by class, logical name and number: `3/1-0:2.8.0.255/2`. */
export type CosemName = `${number}/${string}/${number}`;

export function cosemName(classId: number, obis: string, index: number): CosemName {
  return `${classId}/${obis}/${index}`;
}

/** The name of what an item of an Access-Request asks for. */
export function askedName(asked: {
  readonly classId: number;
  readonly obis: Uint8Array;
  readonly index: number;
}): CosemName {
  return cosemName(asked.classId, obisText(asked.obis), asked.index);
}

/** The attributes of one kind of device, as its use cases read and write them. */
export interface CosemTable {
  /** Default values. */
  readonly attributes: ReadonlyMap<CosemName, Data>;
  readonly writable: ReadonlySet<CosemName>;
}

/** Every attribute that a Command of the catalogue reads or writes on this kind of device. */
export function cosemTable(kind: DeviceKind): CosemTable {
  const attributes = new Map<CosemName, Data>();
  const writable = new Set<CosemName>();
  const add = ({ class: classId, obis, index, shape }: CosemAttribute): CosemName => {
    const name = cosemName(classId, obis, index);
    const known = attributes.get(name);
    if (known === undefined || known.type === "null") attributes.set(name, defaultData(shape));
    return name;
  };
  for (const { code, targets, kind: what, format } of useCases()) {
    if (what !== "command" || format !== "DLMS" || !targets.includes(kind)) continue;
    for (const item of dlmsTemplate(code)?.access ?? []) addItem(item, add, writable);
  }
  return { attributes, writable };
}

function addItem(
  item: AccessItem,
  add: (attribute: CosemAttribute) => CosemName,
  writable: Set<CosemName>,
): void {
  for (const protectedAttribute of item.protects ?? []) add(protectedAttribute);
  if (item.operation === "action") return;
  const name = add(item);
  if (item.operation === "set") writable.add(name);
}
