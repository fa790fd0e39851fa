/**
 * The fields after the colon of an information line, split at commas outside quotes: `+COPS: 0,0,"A, B",7` gives
 * `0`, `0`, `A, B`, `7`. Never throws: a field that is not there is simply missing.
 */
export function fieldsOf(line: string): string[] {
  const colon = line.indexOf(":");
  const rest = colon < 0 ? line : line.slice(colon + 1);
  const fields: string[] = [];
  let field = "";
  let quoted = false;
  for (const letter of rest) {
    if (letter === '"') quoted = !quoted;
    else if (letter === "," && !quoted) {
      fields.push(field.trim());
      field = "";
    } else field += letter;
  }
  fields.push(field.trim());
  return fields;
}

/** A whole number from `least` to `most`, or undefined: modems also say nothing, or 99 and 255 for "not known". */
export function numberIn(field: string | undefined, least: number, most: number): number | undefined {
  if (field === undefined || !/^-?\d{1,6}$/.test(field)) return undefined;
  const value = Number(field);
  return value >= least && value <= most ? value : undefined;
}
