import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { usageFailure } from './failure.ts';

/** More than any registration or definition has; an import of a million tokens goes in parts. */
const mostBytes = 256 * 1024 * 1024;

/**
 * Reads a file, or standard input where there is none or it is `-`: what is secret never stands on
 * a command line, which other users of the machine can see.
 *
 * @throws {Failure} `usage` when there is no such file.
 */
export async function readInput(file: string | undefined, input: Readable): Promise<string> {
  if (file === undefined || file === '-') return text(input);
  try {
    const content = await readFile(file);
    if (content.byteLength > mostBytes) throw usageFailure(`${file} is too large`);
    return content.toString('utf8');
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw usageFailure(`${file} cannot be read (${error.code})`);
  }
}

/** JSON from outside. @throws {Failure} `usage`; the parser's own words would repeat a secret. */
export function parseJson(given: string, name: string): unknown {
  try {
    return JSON.parse(given);
  } catch {
    throw usageFailure(`${name} is not JSON`);
  }
}
