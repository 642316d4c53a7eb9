import type { Session } from './session.ts';

/**
 * Does the same with many items, a few at once, and shows how far it is. Once interrupted it
 * finishes what is at hand and begins no other.
 *
 * @param perform - keeps what became of its item itself. If it throws, no other item is begun, the
 *   others at hand end, and the error is thrown.
 * @returns how many were left undone.
 */
export async function workThrough<Item>(
  { progress, interruption }: Pick<Session, 'progress' | 'interruption'>,
  work: {
    readonly items: readonly Item[];
    /** What the items are, in the plural. */
    readonly what: string;
    readonly lanes: number;
    readonly perform: (item: Item) => Promise<void>;
  },
): Promise<number> {
  const { items, what, lanes, perform } = work;
  const shown = progress(what);
  let next = 0;
  let done = 0;
  let hasFailed = false;
  const lane = async () => {
    while (!interruption.aborted && !hasFailed) {
      const at = next;
      next += 1;
      const item = items[at];
      if (item === undefined) return;
      try {
        await perform(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      done += 1;
      shown.advance();
    }
  };
  shown.begin(items.length);
  const endings = await Promise.allSettled(Array.from({ length: lanes }, lane));
  shown.end();
  for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
  return items.length - done;
}
