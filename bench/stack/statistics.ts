/** A distribution in four figures, of the unit that its values have. */
export interface Distribution {
  readonly p50: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** Undefined when there is nothing to describe. */
export function describeValues(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((one, other) => one - other);
  const at = (ratio: number) => round(sorted[Math.floor(ratio * (sorted.length - 1))] ?? 0);
  return { p50: at(0.5), p99: at(0.99), min: at(0), max: at(1) };
}

/** How often each text is there. */
export function countEach(texts: readonly string[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(texts, (text) => text);
  return Object.fromEntries([...groups].map(([text, members]) => [text, members.length]));
}

/** The greatest; 0 of none. */
export function greatest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

/** To a tenth: more digits say nothing on a machine with other work. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
