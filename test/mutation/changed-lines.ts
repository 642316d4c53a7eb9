import { execFileSync } from 'node:child_process';
import { root } from './scope.ts';

/** Whether a line of a file, the first being 1, is another since a commit. */
export type IsChanged = (file: string, line: number) => boolean;

/** @param since - any name of a commit. What is not committed yet counts as changed. */
export function readChangedLines(since: string): IsChanged {
  const git = (...words: readonly string[]) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8' });
  const changed = new Set<string>();
  let file = '';
  for (const line of git('diff', '--unified=0', '--no-color', since, '--', 'lib').split('\n')) {
    file = /^\+\+\+ b\/(.*)$/.exec(line)?.[1] ?? file;
    const [, first, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    for (let index = 0; first !== undefined && index < Number(count); index += 1) {
      changed.add(`${file}:${Number(first) + index}`);
    }
  }
  const added = new Set(git('ls-files', '--others', '--exclude-standard', '--', 'lib').split('\n'));
  return (path, line) => added.has(path) || changed.has(`${path}:${line}`);
}
