import type { Finding } from '../check-client.ts';

const marks = { wrong: 'WRONG', unset: 'unset', note: 'note ' } as const;

/** What was found, what is wrong first; and after each the way out. */
export function formatFindings(findings: readonly Finding[]): string {
  const order = ['wrong', 'note', 'unset'];
  return findings
    .toSorted((one, other) => order.indexOf(one.level) - order.indexOf(other.level))
    .map(({ level, about, what, mend }) => {
      const line = `${marks[level]}  ${about}: ${what}`;
      return mend === undefined ? line : `${line}\n       ${mend}`;
    })
    .join('\n');
}
