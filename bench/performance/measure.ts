import type { Build } from '../stack/start-stack.ts';
import type { Figure } from './figure.ts';

/** One run of a measure. */
export interface Measuring {
  readonly build: PerformanceBuild;
  /** Scaled down: shows that everything runs, and says little about speed. */
  readonly quick: boolean;
  /** How often everything is measured. */
  readonly runs: number;
  /** Says on standard error what comes next. */
  readonly tell: (next: string) => void;
}

/** The functions, and what they are measured beside. */
export interface PerformanceBuild extends Build {
  /** A folder for files of a run. */
  readonly folder: string;
  /** What each bundle consists of, by its key. */
  readonly contents: ReadonlyMap<string, BundleContents>;
}

export interface BundleContents {
  readonly bytes: number;
  /** Bytes that each module has in the bundle, by its path. */
  readonly modules: ReadonlyMap<string, number>;
}

/**
 * Measures something with the built functions, and gives figures as soon as they are there: each lot with
 * the floors that it names.
 */
export type Measure = (measuring: Measuring) => AsyncIterable<readonly Figure[]>;

/** One after the other: `0` to `runs - 1`. */
export async function repeat<Result>(
  runs: number,
  once: (run: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let run = 0; run < runs; run += 1) results.push(await once(run));
  return results;
}
