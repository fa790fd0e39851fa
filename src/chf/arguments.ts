import { HanwayError } from "../base/error.ts";
import { type Eui64, eui64FromBytes } from "../base/eui64.ts";
import type { AccessRequest, Data } from "../gbcs/dlms/index.ts";

/** Readers of a Command's arguments: each throws `decode/*` with the field where the value is not of the kind. */

export function argument({ data }: AccessRequest, index: number): Data {
  return data[index] ?? wrong(`data[${index}]`, "missing");
}

export function members(data: Data, count: number, field: string): readonly Data[] {
  if (data.type !== "structure" || data.value.length !== count)
    return wrong(field, `a structure of ${count} wanted`);
  return data.value;
}

export function list(data: Data | undefined, most: number, field: string): readonly Data[] {
  if (data?.type !== "array") return wrong(field, "an array wanted");
  if (data.value.length > most) throw new HanwayError("decode/size", `more than ${most}`, { field });
  return data.value;
}

/** Octets of one of these lengths. */
export function octets(data: Data | undefined, lengths: readonly number[], field: string): Uint8Array {
  if (data?.type !== "octet-string") return wrong(field, "an octet-string wanted");
  if (!lengths.includes(data.value.length)) {
    throw new HanwayError("decode/length", `${data.value.length} octets; ${lengths.join(" or ")} wanted`, {
      field,
    });
  }
  return data.value.slice();
}

export function eui64(data: Data | undefined, field: string): Eui64 {
  return eui64FromBytes(octets(data, [8], field));
}

export function integer(data: Data | undefined, type: "u16" | "u32" | "enum", field: string): number {
  return data?.type === type ? data.value : wrong(field, `${type} wanted`);
}

/** Throws where a boolean is not true. */
export function mustBeTrue(data: Data | undefined, field: string): void {
  if (data?.type !== "boolean" || !data.value) wrong(field, "true wanted");
}

function wrong(field: string, detail: string): never {
  throw new HanwayError("decode/value", detail, { field });
}
