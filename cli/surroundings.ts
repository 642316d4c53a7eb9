import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../lib/time.ts';

/** What the command knows of the world beside AWS; given by the entry, and by tests. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: Readable;
  /** For the result, and nothing else. */
  readonly output: Writable;
  /** For progress and remarks. */
  readonly notes: Writable & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C: finish the item at hand, say where things stand, begin no other. */
  readonly interruption: AbortSignal;
  readonly clock: Clock;
}
