import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that the page loads. */
export interface Asset {
  readonly type: string;
  readonly body: string;
}

const types = [
  ['playground.css', 'text/css; charset=utf-8'],
  ['playground.js', 'text/javascript; charset=utf-8'],
  ['icon.svg', 'image/svg+xml'],
] as const;

/** The files of the page by path; each begins with a slash. */
export async function readAssets(): Promise<ReadonlyMap<string, Asset>> {
  const folder = join(import.meta.dirname, 'assets');
  const read = types.map(async ([name, type]) => {
    const body = await readFile(join(folder, name), 'utf8');
    return [`/${name}`, { type, body }] as const;
  });
  return new Map(await Promise.all(read));
}
