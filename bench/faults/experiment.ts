import { systemClock } from '../../lib/time.ts';
import type { Build } from './stack.ts';

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

/** Now, in epoch seconds. */
export function nowSeconds(): number {
  return systemClock.now();
}

/** Waits for `seconds`. */
export function pass(seconds: number): Promise<void> {
  return systemClock.sleep(seconds * 1000);
}

/** Asks until the answer is yes. @throws {Error} naming `what` after `limitSeconds`. */
export async function waitUntil(
  what: string,
  limitSeconds: number,
  isSo: () => Promise<boolean> | boolean,
): Promise<void> {
  const endMs = performance.now() + limitSeconds * 1000;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${limitSeconds} s: ${what}`);
    await pass(0.05);
  }
}
