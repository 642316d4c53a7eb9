/**
 * Runs before each test file of the first, unchanged run: tells of each test which mutants' places
 * it came to, and which were passed outside of any test, as modules were loaded or suites prepared.
 *
 * @module
 */
import { afterEach, beforeEach } from 'vitest';
import { markName } from './marks.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** Numbers of mutants. */
    reached?: readonly number[];
    /** Since the test before, or since the file was loaded. */
    reachedBefore?: readonly number[];
  }
}

let passed = new Set<number>();
const takePassed = () => {
  const numbers = [...passed];
  passed = new Set();
  return numbers;
};

Reflect.set(globalThis, markName, (...numbers: readonly number[]) => {
  for (const number of numbers) passed.add(number);
});

beforeEach(({ task }) => {
  task.meta.reachedBefore = takePassed();
});
afterEach(({ task }) => {
  task.meta.reached = takePassed();
});
