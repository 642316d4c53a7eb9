import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Mutant, mutate } from './mutants.ts';
import type { ReachingTests } from './reach.ts';
import { isHistory, root } from './scope.ts';
import { type TrialWorker, trialWorker } from './trial-worker.ts';

/** How a mutant fared. */
export type Fate =
  /** By a test of this file that failed. */
  | { readonly fate: 'killed'; readonly by: string; readonly test: string }
  /** The tests of this file came to no end. */
  | { readonly fate: 'timed_out'; readonly by: string }
  | { readonly fate: 'survived' }
  /** No test so much as comes to its place. */
  | { readonly fate: 'not_reached' };

/** A test file is given this long on a mutant, and so many times what it takes without one. */
const patienceMs = 20_000;
const patience = 10;

/**
 * Tries each mutant on the tests that come to its place, until one fails.
 *
 * @param options.testsOf - those to be asked, in any order.
 * @param options.report - hears of each fate as it is known.
 */
export async function tryMutants(
  mutants: readonly Mutant[],
  options: {
    readonly workers: number;
    readonly testsOf: (mutant: Mutant) => readonly ReachingTests[];
    readonly report: (mutant: Mutant, fate: Fate) => void;
  },
): Promise<void> {
  const left = [...mutants];
  const order = killersFirst();
  const work = async () => {
    const worker = trialWorker();
    for (let mutant = left.shift(); mutant; mutant = left.shift()) {
      const tests = order.sort(mutant, options.testsOf(mutant));
      const fate = await tryMutant(worker, mutant, tests);
      order.learn(mutant, fate);
      options.report(mutant, fate);
    }
    worker.stop();
  };
  await Promise.all(Array.from({ length: options.workers }, work));
}

async function tryMutant(
  worker: TrialWorker,
  mutant: Mutant,
  tests: readonly ReachingTests[],
): Promise<Fate> {
  const { file } = mutant;
  const text = mutate(readFileSync(`${root}/${file}`, 'utf8'), mutant);
  for (const { durationMs, ...selection } of tests) {
    const limitMs = patienceMs + patience * durationMs;
    const ending = await worker.run({ file, text, tests: selection }, limitMs);
    const by = selection.file;
    if (ending === 'timed_out') return { fate: 'timed_out', by };
    const [test] = ending;
    if (test !== undefined) return { fate: 'killed', by, test };
  }
  return { fate: tests.length === 0 ? 'not_reached' : 'survived' };
}

/** Asks first what has noticed most mutants of the same file so far for its time; histories last. */
function killersFirst() {
  const kills = new Map<string, number>();
  const keyOf = (source: string, test: string) => `${source} ${test}`;
  const isOwn = (source: string, test: string) =>
    basename(test) === basename(source).replace(/\.ts$/, '.test.ts');
  const promise = ({ file }: Mutant, { file: test, durationMs }: ReachingTests) => {
    const seen = kills.get(keyOf(file, test)) ?? 0;
    return (seen + (isOwn(file, test) ? 1 : 0.01)) / durationMs;
  };
  return {
    sort: (mutant: Mutant, tests: readonly ReachingTests[]) =>
      tests.toSorted(
        (one, other) =>
          Number(isHistory(one.file)) - Number(isHistory(other.file)) ||
          promise(mutant, other) - promise(mutant, one),
      ),
    learn: ({ file }: Mutant, fate: Fate) => {
      if (!('by' in fate)) return;
      const key = keyOf(file, fate.by);
      kills.set(key, (kills.get(key) ?? 0) + 1);
    },
  };
}
