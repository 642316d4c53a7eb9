import type { Child } from './child.ts';
import { startChild } from './child.ts';
import { askJson } from './json-call.ts';

/** What the requests of one kind have consumed, in capacity units of on-demand tables. */
export interface Consumption {
  readonly requests: number;
  /** Those that were answered with an error, such as a condition that does not hold. */
  readonly refused: number;
  /** Read or write units of the table, or of the index that was read. */
  readonly units: number;
  /** Write units of indexes. */
  readonly index_units: number;
}

/** By operation and table: `UpdateItem evergrant-local-tokens`. */
export type Tally = Readonly<Record<string, Consumption>>;

/** A way to the store on which everything is counted. */
export interface MeteredStore {
  readonly url: string;
  /** What was consumed since it was last asked. */
  readonly takeTally: () => Promise<Tally>;
  readonly close: Child['kill'];
}

export async function startMeteredStore(storeUrl: string): Promise<MeteredStore> {
  const { url, kill } = await startChild({ module: 'meter.ts', args: [storeUrl] });
  return { url, takeTally: () => askJson<Tally>(`${url}/tally`), close: kill };
}
