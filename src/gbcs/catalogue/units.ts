/** COSEM unit codes (Blue Book, class 3 scaler_unit) that GBCS objects have. 254 (other) and 255 (count) name none. */
const UNITS: Readonly<Record<number, string>> = {
  7: "s",
  10: "currency",
  27: "W",
  28: "VA",
  29: "var",
  30: "Wh",
  31: "VAh",
  32: "varh",
  33: "A",
  35: "V",
  44: "Hz",
};

export function unitName(code: number): string | undefined {
  return UNITS[code];
}
