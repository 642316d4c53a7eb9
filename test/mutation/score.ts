import type { Mutant } from './mutants.ts';
import { isHistory } from './scope.ts';
import type { Fate } from './trials.ts';

/** How the mutants of a file, or of all, fared. */
export interface Score {
  readonly mutants: number;
  readonly killed: number;
  /** Of those killed: by tests that came to no end. */
  readonly timed_out: number;
  /** Of those killed: by histories of all parts alone. */
  readonly killed_by_simulation_only: number;
  /** Listed with the reason why no test can notice them. */
  readonly equivalent: number;
  /** Not noticed, and not listed. */
  readonly survived: number;
  /** Killed, of those that could be. */
  readonly percent: number;
}

/** A mutant, how it fared, and whether it is listed as one that cannot be noticed. */
export interface TriedMutant {
  readonly mutant: Mutant;
  readonly fate: Fate;
  readonly isListed: boolean;
}

export function buildScore(tried: readonly TriedMutant[]): Score {
  const count = (isOne: (each: TriedMutant) => boolean) => tried.filter(isOne).length;
  const isKilled = ({ fate }: TriedMutant) => 'by' in fate;
  const killed = count(isKilled);
  const equivalent = count((each) => !isKilled(each) && each.isListed);
  const killable = tried.length - equivalent;
  return {
    mutants: tried.length,
    killed,
    timed_out: count(({ fate }) => fate.fate === 'timed_out'),
    killed_by_simulation_only: count(({ fate }) => 'by' in fate && isHistory(fate.by)),
    equivalent,
    survived: killable - killed,
    percent: killable === 0 ? 100 : Math.floor((killed / killable) * 1000) / 10,
  };
}

/** One line: where a mutant is, what it changes, and how it fared. */
export function describeFate({ mutant, fate }: Omit<TriedMutant, 'isListed'>): string {
  const { file, line, within, change } = mutant;
  const test = 'test' in fate ? ` > ${fate.test}` : '';
  const by = 'by' in fate ? ` by ${fate.by}${test}` : '';
  return `${fate.fate}${by}: ${file}:${line} [${within}] ${change}`;
}
