/** One measured figure of a bench run. */
export interface Figure {
  figure: string;
  value: number;
  unit: string;
  /** What the project set itself. */
  reach?: number;
  /** Whether more or less of it is better. */
  better: "more" | "less";
  /** How it was measured, where that is not plain. */
  note?: string;
}

/** The value below which the share `q` of the samples lies. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
