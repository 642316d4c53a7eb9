/**
 * What the process is to the command: its arguments, environment, streams and signals.
 *
 * @module
 */
import { systemClock as clock } from '../lib/time.ts';
import { runProgram } from './program.ts';

const interruption = new AbortController();

// The first one lets the item at hand end; the second one ends at once.
process.once('SIGINT', () => {
  interruption.abort();
  process.once('SIGINT', () => process.exit(130));
});

// A reader that has gone away, such as `head`, is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runProgram(process.argv.slice(2), {
  environment: process.env,
  input: process.stdin,
  output: process.stdout,
  notes: process.stderr,
  interruption: interruption.signal,
  clock,
});
