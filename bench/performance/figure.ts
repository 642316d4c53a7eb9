import { loadavg } from 'node:os';
import { round } from '../stack/statistics.ts';

/** One thing that was measured, several times. */
export interface Figure {
  /** `{measure}.{what}.{of what}`. */
  readonly figure: string;
  readonly unit: 'us' | 'ms' | 's' | 'bytes' | 'KiB' | 'MiB' | 'units' | 'requests' | 'per_second';
  /** One value of each run. */
  readonly runs: readonly number[];
  readonly parameters?: object;
  /** Names of figures of the same measure that are the least that this could be. */
  readonly floors?: readonly string[];
}

/** A figure as it is printed, and kept. */
export interface FigureLine {
  readonly figure: string;
  readonly unit: Figure['unit'];
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: readonly number[];
  /** How many times the median is that of each floor. */
  readonly ratios?: Readonly<Record<string, number>>;
  readonly parameters?: object;
  /** The machine's load average over a minute, when the measure began and when it ended. */
  readonly load: readonly [number, number];
}

/** What the machine was doing beside. */
export function readLoad(): number {
  return round(loadavg()[0] ?? 0);
}

/** The figures of one measure, each with its spread, beside its floors. */
export function describeFigures(
  figures: readonly Figure[],
  load: readonly [number, number],
): readonly FigureLine[] {
  const medians = new Map(figures.map(({ figure, runs }) => [figure, medianOf(runs)]));
  return figures.map(({ figure, unit, runs, parameters, floors = [] }) => {
    const median = medianOf(runs);
    const ratios = floors.map((floor) => [floor, tidy(median / (medians.get(floor) ?? 0))]);
    return {
      ...{ figure, unit, median: tidy(median) },
      ...{ min: tidy(Math.min(...runs)), max: tidy(Math.max(...runs)) },
      runs: runs.map(tidy),
      ...(floors.length > 0 && { ratios: Object.fromEntries(ratios) }),
      ...(parameters && { parameters }),
      load,
    };
  });
}

/** The middle one; of an even number the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** Three digits that count: more say nothing. */
function tidy(value: number): number {
  return value >= 1000 ? Math.round(value) : Number(value.toPrecision(3));
}
