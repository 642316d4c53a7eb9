import type { Mutant } from './mutants.ts';
import { type Span, textOf } from './syntax.ts';

/** The global function that a marked source file calls as it passes a mutant's place. */
export const markName = '__reachedMutants';

interface Mark extends Span {
  readonly numbers: readonly number[];
}

interface Insertion {
  readonly at: number;
  readonly text: string;
  /** Those that end something come before those that begin something; the inner ends first. */
  readonly order: number;
}

/**
 * Marks the places of a file's mutants, so that a run of the tests tells which tests come there.
 *
 * @param mutants - of this very text, each with the number that is reported for it.
 */
export function markPlaces(
  text: string,
  mutants: readonly (readonly [number: number, Mutant])[],
): string {
  const isStatement = (span: Span) => /^(switch|if|try)\b|;$/.test(textOf({ text }, span));
  const insertions = marksOf(mutants).flatMap((mark): readonly Insertion[] => {
    const call = `globalThis.${markName}?.(${mark.numbers.join()})`;
    const [before, after] = isStatement(mark) ? [`{${call};`, '}'] : [`(${call},`, ')'];
    return [
      { at: mark.start, text: before, order: -mark.end },
      { at: mark.end, text: after, order: -text.length - mark.start },
    ];
  });
  let marked = '';
  let done = 0;
  for (const { at, text: inserted } of insertions.toSorted(
    (one, other) => one.at - other.at || one.order - other.order,
  )) {
    marked += text.slice(done, at) + inserted;
    done = at;
  }
  return marked + text.slice(done);
}

/** One mark for all mutants at one place. */
function marksOf(mutants: readonly (readonly [number, Mutant])[]): readonly Mark[] {
  const groups = Map.groupBy(
    mutants,
    ([
      ,
      {
        reachedAt: { start, end },
      },
    ]) => `${start} ${end}`,
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ ...first[1].reachedAt, numbers: group.map(([number]) => number) }] : [];
  });
}
