/** An item as DynamoDB's protocol has it. */
export type WireItem = Readonly<Record<string, unknown>>;

/** A global secondary index. */
export interface Index {
  readonly name: string;
  /** Its own key's attributes. An item that lacks one is not in it. */
  readonly keys: readonly string[];
  /** The other attributes that it holds beside the table's key; `'ALL'` of the item's. */
  readonly projected: readonly string[] | 'ALL';
}

/**
 * The write units that one write costs in an index, by DynamoDB's rule for entries of up to 1 KB: one
 * to put or delete an entry, two to move it to another key, one to change what is projected, else none.
 *
 * @param before - the item; undefined when there was none.
 */
export function countIndexUnits(
  index: Index,
  before: WireItem | undefined,
  after: WireItem | undefined,
): number {
  const old = readEntry(index, before);
  const next = readEntry(index, after);
  if (!old || !next) return old || next ? 1 : 0;
  if (old.key !== next.key) return 2;
  return old.projected === next.projected ? 0 : 1;
}

function readEntry({ keys, projected }: Index, item: WireItem | undefined) {
  if (!item || keys.some((name) => item[name] === undefined)) return undefined;
  const names = projected === 'ALL' ? Object.keys(item).toSorted() : projected;
  return { key: write(item, keys), projected: write(item, names) };
}

const write = (item: WireItem, names: readonly string[]) =>
  JSON.stringify(names.map((name) => [name, item[name]]));
