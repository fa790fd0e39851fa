import { HanwayError } from "../../base/error.ts";

const FORM = /^(\d{1,3})-(\d{1,3}):(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** Logical name (6 octets) as `A-B:C.D.E.F`, for example `0-0:30.3.0.255`. Throws `decode/length`. */
export function obisText(obis: Uint8Array): string {
  if (obis.length !== 6)
    throw new HanwayError("decode/length", "a logical name has 6 octets", { field: "obis" });
  const [a, b, c, d, e, f] = obis;
  return `${a}-${b}:${c}.${d}.${e}.${f}`;
}

/** The 6 octets of `A-B:C.D.E.F`. Throws `decode/value` on any other text. */
export function parseObis(text: string, field = "obis"): Uint8Array {
  const values = FORM.exec(text)?.slice(1).map(Number);
  if (!values || values.some((value) => value > 255))
    throw new HanwayError("decode/value", `"${text.slice(0, 40)}" is not of the form A-B:C.D.E.F`, { field });
  return Uint8Array.from(values);
}
