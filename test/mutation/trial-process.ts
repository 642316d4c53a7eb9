/**
 * A process of its own that runs tests on one mutant after another. A mutant may never come to an
 * end; then the process is ended with it.
 *
 * @module
 */
import { beginTestSession, type TestSelection } from './test-session.ts';

/** What the process is asked: these tests, with this text of this file. */
export interface TrialRequest {
  readonly file: string;
  readonly text: string;
  readonly tests: TestSelection;
}

/** What it answers: the tests that failed. */
export interface TrialAnswer {
  readonly failures: readonly string[];
}

const session = await beginTestSession({ workers: 1, recordReach: false });
let exchanged: string | undefined;

process.on('message', async ({ file, text, tests }: TrialRequest) => {
  if (exchanged !== undefined && exchanged !== file) session.exchange(exchanged, undefined);
  session.exchange(file, text);
  exchanged = file;
  const failures = session.failures(await session.run([tests]));
  process.send?.({ failures } satisfies TrialAnswer);
});
process.send?.('ready');
