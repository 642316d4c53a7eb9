/** What stands in one place of a table; undefined: nothing. */
export type Cell = string | number | undefined;

/** Lines of a Markdown table; none without rows. */
export function writeRows(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
): readonly string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly Cell[]) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
