/**
 * Measures how fast the built functions are, and what they consume.
 *
 *     npm run bench -- [--quick] [--only NAME …] [--write FILE] [--from FILE]
 *
 * Prints one line of JSON per figure, and ends with 1 when a measure broke off. docs/performance.md tells the method, and what every figure
 * means; `--write` fills its tables.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startChild } from '../stack/child.ts';
import { describeMachine } from '../stack/machine.ts';
import { browser } from './browser.ts';
import { buildFunctions } from './build-functions.ts';
import { bundles } from './bundles.ts';
import { cold } from './cold.ts';
import { describeFigures, type FigureLine, readLoad } from './figure.ts';
import type { Measure, PerformanceBuild } from './measure.ts';
import { refresh } from './refresh.ts';
import { scheduler } from './scheduler.ts';
import { units } from './units.ts';
import { vend } from './vend.ts';
import { type Reported, writeTables } from './write-tables.ts';

const measures: Readonly<Record<string, Measure>> = {
  ...{ bundles, cold, vend, browser, units, refresh, scheduler },
};

const leastRuns = 5;
const quickRuns = 2;

interface Options {
  readonly quick: boolean;
  readonly only: readonly string[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      write: { type: 'string' },
      from: { type: 'string', multiple: true },
    },
  });
  const { quick, only, write, from } = values;
  const names = Object.keys(measures);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: there are ${names.join(', ')}`);

  const reported = from ? from.flatMap(readLines) : await measureAll({ quick, only });
  if (write !== undefined) writeFileSync(write, writeTables(readFileSync(write, 'utf8'), reported));
}

async function measureAll({ quick, only }: Options): Promise<readonly Reported[]> {
  tell('setting up', 'the functions are built as serverless.yml says');
  const { PATH = '', TMPDIR = '/tmp' } = process.env;
  // In a process of its own, and in no group of ours, which a terminal interrupts as a whole.
  const folder = await startChild({
    ...{ module: 'folder.ts', environment: { PATH, TMPDIR }, detached: true },
  });
  const build = await buildFunctions(folder.url);
  const reported: Reported[] = [];
  for (const [name, measure] of Object.entries(measures)) {
    if (only.length > 0 && !only.includes(name)) continue;
    for await (const line of run(name, measure, { build, quick })) {
      const full = { ...line, ...describeMachine(), quick };
      reported.push(full);
      console.log(JSON.stringify(full));
    }
  }
  await folder.release();
  return reported;
}

/** Figures as soon as they are there. One that breaks off has no more of them; the others go on. */
async function* run(
  name: string,
  measure: Measure,
  { build, quick }: { readonly build: PerformanceBuild; readonly quick: boolean },
): AsyncGenerator<FigureLine> {
  const loadBefore = readLoad();
  const beganMs = performance.now();
  const measured = measure({
    ...{ build, quick, runs: quick ? quickRuns : leastRuns },
    tell: (next) => tell(name, next),
  });
  try {
    for await (const figures of measured) yield* describeFigures(figures, [loadBefore, readLoad()]);
  } catch (error) {
    console.error(error);
    tell(name, 'broke off');
    process.exitCode = 1;
  }
  tell(name, `done after ${Math.round((performance.now() - beganMs) / 1000)} s`);
}

/** Lines that an earlier run has printed. */
function readLines(file: string): readonly Reported[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Reported);
}

function tell(who: string, next: string): void {
  console.error(`${(performance.now() / 1000).toFixed(1)} s  ${who}: ${next}`);
}

await main();
process.exit();
