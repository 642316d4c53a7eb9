/**
 * A folder for what a measurement makes, in the keeping of a process of its own: it is removed when
 * whoever started that process has ended, even by a signal that cannot be caught.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { announce } from './child.ts';

const folder = mkdtempSync(join(tmpdir(), 'evergrant-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Something has to be waited for, or the process would end by itself.
setInterval(() => {}, 2 ** 30);
announce(folder);
