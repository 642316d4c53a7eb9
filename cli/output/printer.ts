import type { Writable } from 'node:stream';
import type { Failure } from '../failure.ts';

/** Says what a command has to say: one result on standard output, everything else beside it. */
export interface Printer {
  /**
   * The result. With `--json` it is the value, one JSON document; else its text.
   *
   * @param value - what a program wants to know, in snake_case.
   * @param text - what a person wants to know, without a line break at its end.
   */
  result(value: object, text: string): void;
  /** A remark for whoever watches: never part of the result. */
  note(line: string): void;
  /** The end of a command that failed: in place of the result with `--json`, else a remark. */
  failure(failure: Failure): void;
}

export function createPrinter(
  { output, notes }: { readonly output: Writable; readonly notes: Writable },
  { json }: { readonly json: boolean },
): Printer {
  const say = (stream: Writable, text: string) => {
    stream.write(`${text}\n`);
  };
  const document = (value: object) => say(output, JSON.stringify(value, undefined, 2));
  return {
    result: (value, text) => {
      if (json) document(value);
      else if (text !== '') say(output, text);
    },
    note: (line) => say(notes, line),
    failure: ({ report }) => {
      if (json) document(report);
      else say(notes, failureText(report));
    },
  };
}

function failureText(report: Failure['report']): string {
  const { problems } = report;
  const named = Array.isArray(problems) ? problems.map((problem) => `\n  ${problem}`) : [];
  return `${report.error}: ${report.error_description}${named.join('')}`;
}
