import type { Place, Source, Span } from './syntax.ts';

/** One change to a source file: the text of a span, replaced. */
export interface Mutation extends Span {
  readonly replacement: string;
  /**
   * The expression or statement that is evaluated whenever the changed text would be. A test that
   * never comes here cannot notice the change.
   */
  readonly reachedAt: Span;
}

/** The mutations of one kind at one place of a file. */
export type Rule = (source: Source, place: Place) => readonly Mutation[];

/** Replaces a whole expression or statement. */
export function replace(node: Span, replacement: string, reachedAt: Span = node): Mutation {
  return { start: node.start, end: node.end, replacement, reachedAt };
}

/** Takes each one out of a list that is separated by commas, in turn. */
export function dropEach(
  { text }: Pick<Source, 'text'>,
  list: readonly Span[],
  reachedAt: Span,
): readonly Mutation[] {
  return list.map((item, index) => {
    const next = list[index + 1];
    const before = list[index - 1];
    const end = next ? next.start : item.end;
    const start = !next && before ? before.end : item.start;
    // A comma that trails would be left alone between two brackets.
    const trailing = !next && !before ? (/^\s*,/.exec(text.slice(end))?.[0].length ?? 0) : 0;
    return { start, end: end + trailing, replacement: '', reachedAt };
  });
}
