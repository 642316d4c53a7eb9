import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { LedgerSnapshot } from './ledger-tables.ts';

/** What a vendor keeps over a restart. */
export interface StoredState {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly ledger: LedgerSnapshot;
}

/**
 * Reads a state that {@link writeState} wrote.
 *
 * @returns undefined when there is no such file yet.
 * @throws {Error} when the file is there but not as written: delete it to begin anew.
 */
export function readState(file: string): StoredState | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StoredState;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`${file} cannot be read; delete it to begin with an empty vendor`);
  }
}

/** Replaces the file in one step, so that an end at any moment leaves a whole one. */
export function writeState(file: string, state: StoredState): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
