/**
 * Tries every parser of untrusted input for as long as one likes.
 *
 *     npm run fuzz -- --minutes 10
 *     npm run fuzz -- --parser 'token answer' --seed 42
 *
 * Seeds are random and printed. `--seed` tries the inputs of one seed again, `--path` goes straight
 * to one of them, `--parser` tries one parser alone. The first input that breaks a promise is
 * printed, as small as it could be made, with the command that tries it again; the run then ends
 * with status 1.
 *
 * @module
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { parserProperties } from './parser-properties.ts';
import type { ParserProperty, Trial } from './parser-property.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    path: { type: 'string' },
    parser: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new RangeError('--minutes must be a number above zero');
if (values.seed !== undefined && !Number.isSafeInteger(Number(values.seed))) {
  throw new RangeError('--seed must be a whole number');
}
const chosen = parserProperties.filter(({ name }) => name === (values.parser ?? name));
if (chosen.length === 0) {
  throw new RangeError(
    `--parser must be one of ${parserProperties.map((one) => one.name).join(', ')}`,
  );
}

/** Inputs of one parser before the next has its turn. */
const inputsPerTurn = 500;

const totals = new Map<string, { tried: number; read: number; slowestMs: number; ms: number }>();
const beganMs = performance.now();
const isOver = () => performance.now() - beganMs >= minutes * 60_000;

do {
  // The generator of inputs takes 32 bits.
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  console.log(`seed ${seed}`);
  for (const property of chosen) {
    await takeTurn(property, seed);
    if (process.exitCode === 1) break;
  }
} while (process.exitCode !== 1 && values.seed === undefined && !isOver());
printTotals();

async function takeTurn(property: ParserProperty, seed: number): Promise<void> {
  const turnBeganMs = performance.now();
  const path = values.path === undefined ? {} : { path: values.path };
  const trial = await property.attempt({ seed, numRuns: inputsPerTurn, ...path });
  const before = totals.get(property.name) ?? { tried: 0, read: 0, slowestMs: 0, ms: 0 };
  totals.set(property.name, {
    tried: before.tried + trial.tried,
    read: before.read + trial.read,
    slowestMs: Math.max(before.slowestMs, trial.slowestMs),
    ms: before.ms + performance.now() - turnBeganMs,
  });
  if (trial.failure) printFailure(property, seed, trial.failure);
}

function printFailure(
  { name }: ParserProperty,
  seed: number,
  failure: NonNullable<Trial['failure']>,
) {
  console.error(`${name}: broken by ${JSON.stringify(failure.counterexample)}`);
  console.error(failure.error);
  console.error(`npm run fuzz -- --parser '${name}' --seed ${seed} --path '${failure.path}'`);
  process.exitCode = 1;
}

function printTotals(): void {
  const rows = [...totals].map(([parser, { tried, read, slowestMs, ms }]) => ({
    parser,
    inputs: tried,
    read,
    'inputs per second': Math.round((tried * 1000) / ms),
    'slowest in ms': Math.round(slowestMs),
  }));
  console.table(rows);
  const inputs = rows.reduce((sum, row) => sum + row.inputs, 0);
  const elapsedSeconds = (performance.now() - beganMs) / 1000;
  console.log(
    JSON.stringify({
      inputs,
      elapsedSeconds: Math.round(elapsedSeconds),
      inputsPerSecond: Math.round(inputs / elapsedSeconds),
      broken: process.exitCode === 1,
    }),
  );
}
