import type { Build } from '../stack/start-stack.ts';

/** Something that has to hold, and whether it did. */
export interface Expectation {
  readonly expected: string;
  readonly holds: boolean;
}

/** What one experiment found. */
export interface Finding {
  readonly parameters: object;
  readonly measured: object;
  readonly expectations: readonly Expectation[];
}

/** One run of an experiment. */
export interface Run {
  readonly build: Build;
  /** Scaled down, to be run with the tests; nothing that is expected then depends on speed. */
  readonly quick: boolean;
  /** Says on standard error what comes next. */
  readonly tell: (next: string) => void;
}

/** Runs with real processes. */
export type Experiment = (run: Run) => Promise<Finding>;
