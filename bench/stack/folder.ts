/**
 * A folder for what a measurement makes, in the keeping of a process of its own: it is removed when
 * whoever started that process has ended, even by a signal that cannot be caught. One whose keeper
 * was killed too is removed by the next.
 *
 * @module
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announce } from './child.ts';

const named = /^evergrant-bench-(\d+)-/;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Any other error is of a process that is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function remove(name: string): void {
  rmSync(join(tmpdir(), name), { recursive: true, force: true });
}

for (const name of readdirSync(tmpdir())) {
  const [, keeper] = named.exec(name) ?? [];
  if (keeper !== undefined && !isAlive(Number(keeper))) remove(name);
}
const folder = mkdtempSync(join(tmpdir(), `evergrant-bench-${process.pid}-`));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Something has to be waited for, or the process would end by itself.
setInterval(() => {}, 2 ** 30);
announce(folder);
