/**
 * Runs histories and prints what came of them, as one line of JSON at the end.
 *
 *     npm run simulate -- --seeds 1000 --from 1
 *
 * `--skew 600` lets wall clocks differ by ten minutes, instead of by what the seed says.
 *
 * A violation is printed with its seed and the trace of its history; the same seed gives the same
 * history again.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { runHistory } from './history.ts';
import { settingsOf, storm } from './storm.ts';
import { addHistory, emptyTally, printableTally } from './tally.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    skew: { type: 'string' },
  },
});
const options = values.skew === undefined ? {} : { skewSeconds: Number(values.skew) };
const seeds = Number(values.seeds);
const from = Number(values.from);
if (!Number.isSafeInteger(seeds) || seeds < 1 || !Number.isSafeInteger(from)) {
  throw new RangeError('--seeds must be a whole number above zero, --from a whole number');
}

const tally = emptyTally();
const beganMs = performance.now();
for (let seed = from; seed < from + seeds; seed += 1) {
  const history = await runHistory(settingsOf(seed, options), storm);
  addHistory(tally, history);
  if (history.violations.length === 0) continue;
  const { lines } = await runHistory(settingsOf(seed, { ...options, keepTrace: true }), storm);
  console.error([...lines, `seed ${seed}`, JSON.stringify(history.violations)].join('\n'));
}
const elapsedSeconds = (performance.now() - beganMs) / 1000;
console.log(JSON.stringify(printableTally(tally, { seeds, elapsedSeconds })));
if (tally.violations > 0) process.exitCode = 1;
