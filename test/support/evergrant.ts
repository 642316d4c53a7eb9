import { PassThrough, Readable, Writable } from 'node:stream';
import { runProgram } from '../../cli/program.ts';
import type { Surroundings } from '../../cli/surroundings.ts';
import { systemClock } from '../../lib/time.ts';

/** A stream that keeps what is written to it. */
export function keepingStream(isTTY = false) {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY }), text: () => written.join('') };
}

export interface Given {
  readonly environment?: Surroundings['environment'];
  /** Standard input; none for a stream that never ends. */
  readonly input?: string;
  readonly interruption?: AbortSignal;
  readonly clock?: Surroundings['clock'];
}

/** Runs one command line in this process. */
export async function runEvergrant(line: string | readonly string[], given: Given = {}) {
  const output = keepingStream();
  const notes = keepingStream();
  const code = await runProgram(typeof line === 'string' ? line.split(' ') : line, {
    environment: given.environment ?? {},
    input: given.input === undefined ? new PassThrough() : Readable.from([given.input]),
    output: output.stream,
    notes: notes.stream,
    interruption: given.interruption ?? new AbortController().signal,
    clock: given.clock ?? systemClock,
  });
  return {
    code,
    output: output.text(),
    notes: notes.text(),
    /** The result as JSON; throws unless standard output is one JSON document. */
    json: () => JSON.parse(output.text()),
  };
}
