import { readFileSync } from 'node:fs';
import type { TestCase, TestModule } from 'vitest/node';
import { markPlaces } from './marks.ts';
import type { Mutant } from './mutants.ts';
import { root } from './scope.ts';
import { beginTestSession, type TestSelection } from './test-session.ts';

/** Tests of one file that come to a mutant's place, and how long they took. */
export interface ReachingTests extends TestSelection {
  readonly durationMs: number;
}

/** What starting a test file costs before its first test. */
const startMs = 300;

/**
 * Runs the tests once on the unchanged sources, to learn which of them come to which mutant.
 *
 * @param testFiles - from the top of the project.
 * @returns for each mutant the tests that could notice it; nothing for one that none comes to.
 * @throws {Error} when a test fails: it would seem to notice every mutant.
 */
export async function findReachingTests(
  mutants: readonly Mutant[],
  testFiles: readonly string[],
): Promise<(mutant: Mutant) => readonly ReachingTests[]> {
  const session = await beginTestSession({ workers: 2, recordReach: true });
  try {
    const numbered = mutants.map((mutant, number) => [number, mutant] as const);
    for (const [file, own] of Map.groupBy(numbered, ([, mutant]) => mutant.file)) {
      session.exchange(file, markPlaces(readFileSync(`${root}/${file}`, 'utf8'), own));
    }
    const modules = await session.run(testFiles.map((file) => ({ file })));
    const failures = session.failures(modules);
    if (failures.length > 0) throw new Error(`without a mutant: ${failures.join('; ')}`);
    const reaching = collect(modules, mutants.length);
    const numberOf = new Map(numbered.map(([number, mutant]) => [mutant, number]));
    return (mutant) => reaching[numberOf.get(mutant) ?? -1] ?? [];
  } finally {
    await session.close();
  }
}

function collect(
  modules: readonly TestModule[],
  count: number,
): readonly (readonly ReachingTests[])[] {
  const reaching = Array.from({ length: count }, (): ReachingTests[] => []);
  for (const module of modules) {
    const tests = [...module.children.allTests('passed')];
    for (const [number, found] of testsByMutant(tests)) {
      const durationMs = found.reduce(
        (sum, test) => sum + (test.diagnostic()?.duration ?? 0),
        startMs,
      );
      const file = module.relativeModuleId;
      const names = found.map(({ fullName }) => fullName);
      reaching[number]?.push({ file, names, durationMs });
    }
  }
  return reaching;
}

/** What is passed outside of tests may matter to each test of the file. */
function testsByMutant(tests: readonly TestCase[]): ReadonlyMap<number, readonly TestCase[]> {
  const outside = new Set(tests.flatMap((test) => test.meta().reachedBefore ?? []));
  const found = new Map([...outside].map((number) => [number, [...tests]]));
  for (const test of tests) {
    for (const number of test.meta().reached ?? []) {
      if (outside.has(number)) continue;
      const others = found.get(number);
      if (others) others.push(test);
      else found.set(number, [test]);
    }
  }
  return found;
}
