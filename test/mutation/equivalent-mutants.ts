import type { Mutant } from './mutants.ts';

/** Mutants of one function that behave as the original does, and why. */
export interface EquivalentMutants {
  readonly file: string;
  /** As {@link Mutant.within}. */
  readonly within: string;
  /** As {@link Mutant.change}. */
  readonly changes: readonly string[];
  readonly reason: string;
}

/** Survivors that no test could notice. Each is tried all the same: one that is noticed is no such. */
export const equivalentMutants: readonly EquivalentMutants[] = [];

export function isListed({ file, within, change }: Mutant): boolean {
  return equivalentMutants.some(
    (listed) => listed.file === file && listed.within === within && listed.changes.includes(change),
  );
}

/** What is listed of these files and is no mutant of them any more. */
export function listStale(mutants: readonly Mutant[], files: readonly string[]): readonly string[] {
  return equivalentMutants
    .filter(({ file }) => files.includes(file))
    .flatMap(({ file, within, changes }) =>
      changes
        .filter(
          (change) =>
            !mutants.some(
              (mutant) =>
                mutant.file === file && mutant.within === within && mutant.change === change,
            ),
        )
        .map((change) => `${file} [${within}] ${change}`),
    );
}
