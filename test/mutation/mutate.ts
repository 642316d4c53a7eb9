/**
 * Removes each condition, comparison and guard of the refresh path in turn, and looks whether a test
 * notices. Prints each mutant that none noticed, and the score as one line of JSON at the end.
 *
 *     npm run mutate
 *     npm run mutate -- lib/aws/connection- refresh-call
 *     npm run mutate -- fence.ts:10
 *     npm run mutate -- --changed main
 *
 * Words choose files by a part of their path, or one line of them; `--changed` those lines that are others since a
 * commit. `--direct` leaves the simulation out, `--list` only lists, `--verbose` tells of each
 * mutant which test noticed it.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type IsChanged, readChangedLines } from './changed-lines.ts';
import { isListed, listStale } from './equivalent-mutants.ts';
import { listMutants } from './mutants.ts';
import { findReachingTests } from './reach.ts';
import { findRelatedTests } from './related-tests.ts';
import {
  isDirectTest,
  isHistory,
  listDirectTests,
  listHistories,
  listSources,
  root,
} from './scope.ts';
import { buildScore, describeFate, type TriedMutant } from './score.ts';
import { tryMutants } from './trials.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'string' },
    direct: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
  },
});

const beganMs = performance.now();
const words = positionals.map((word) => word.split(':'));
const files = listSources().filter(
  (file) => words.length === 0 || words.some(([part = '']) => file.includes(part)),
);
const all = files.flatMap((file) => listMutants(file, readFileSync(`${root}/${file}`, 'utf8')));
const isChanged: IsChanged = values.changed ? readChangedLines(values.changed) : () => true;
const mutants = all.filter(({ file, line }) => isChanged(file, line) && isChosen(file, line));
if (mutants.length === 0) throw new RangeError('no mutant is chosen');

if (values.list) {
  for (const { file, line, within, change } of mutants) {
    console.log(`${file}:${line} [${within}] ${change}`);
  }
} else {
  const stale = listStale(all, files);
  const tried = await tryAll();
  const noticed = tried.filter(({ fate, ...each }) => each.isListed && 'by' in fate);
  for (const each of [...stale, ...noticed.map(describeFate)]) {
    console.log(`listed as equivalent, and is not: ${each}`);
  }
  console.log(JSON.stringify(buildReport(tried, stale.length + noticed.length)));
  const isWhole = buildScore(tried).survived === 0 && stale.length + noticed.length === 0;
  process.exitCode = isWhole ? 0 : 1;
}

function isChosen(file: string, line: number): boolean {
  const isMeant = ([part = '', only]: readonly string[]) =>
    file.includes(part) && (only === undefined || Number(only) === line);
  return words.length === 0 || words.some(isMeant);
}

async function tryAll(): Promise<readonly TriedMutant[]> {
  console.error(`${mutants.length} mutants of ${files.length} files; first the tests without any`);
  const tests = [...listDirectTests(files), ...(values.direct ? [] : listHistories())];
  const testFiles = findRelatedTests(tests, [...new Set(mutants.map(({ file }) => file))]);
  const reachingTests = await findReachingTests(mutants, testFiles);
  const tried: TriedMutant[] = [];
  await tryMutants(mutants, {
    workers: Number(values.workers),
    testsOf: (mutant) =>
      reachingTests(mutant).filter(({ file }) =>
        isHistory(file) ? !isListed(mutant) : isDirectTest(mutant.file, file),
      ),
    report: (mutant, fate) => {
      const each = { mutant, fate, isListed: isListed(mutant) };
      tried.push(each);
      if (values.verbose || (!('by' in fate) && !each.isListed)) console.log(describeFate(each));
      if (tried.length % 50 === 0) console.error(`${tried.length} of ${mutants.length}`);
    },
  });
  return tried;
}

function buildReport(tried: readonly TriedMutant[], stale: number) {
  const scoresBy = (nameOf: (file: string) => string) => {
    const groups = Map.groupBy(tried, ({ mutant }) => nameOf(mutant.file));
    return Object.fromEntries([...groups].map(([name, own]) => [name, buildScore(own)]));
  };
  return {
    ...buildScore(tried),
    stale,
    seconds: Math.round((performance.now() - beganMs) / 1000),
    folders: scoresBy(dirname),
    files: scoresBy((file) => file),
  };
}
