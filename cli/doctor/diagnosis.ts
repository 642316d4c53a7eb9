import { toFailure } from '../failure.ts';
import type { Session } from '../session.ts';

/** One thing that was looked at. */
export interface Diagnosis {
  /** `unknown`: it could not be looked at, which is said and not counted as wrong. */
  readonly level: 'ok' | 'wrong' | 'unknown';
  readonly about: string;
  readonly what: string;
  /** The command that mends it. */
  readonly mend?: string;
}

/** Looks at one part of an installation. Changes nothing. */
export type Check = (session: Session) => Promise<readonly Diagnosis[]>;

export const ok = (about: string, what: string): Diagnosis => ({ level: 'ok', about, what });

export const wrong = (about: string, what: string, mend: string): Diagnosis => ({
  level: 'wrong',
  about,
  what,
  mend,
});

/** What could not be looked at, and why: a missing right mostly, which says nothing of the thing. */
export function unknown(about: string, error: unknown): Diagnosis {
  const { report } = toFailure(error);
  const reason = typeof report.reason === 'string' ? ` (${report.reason})` : '';
  return {
    level: 'unknown',
    about,
    what: `could not be looked at: ${report.error_description}${reason}`,
  };
}

/** A diagnosis for what an error may also be: that the thing is not there. */
export async function looking(
  about: string,
  look: () => Promise<readonly Diagnosis[]>,
): Promise<readonly Diagnosis[]> {
  try {
    return await look();
  } catch (error) {
    return [unknown(about, error)];
  }
}

/**
 * The command that makes what the deployment makes. What was changed by hand since, CloudFormation
 * does not see: the page tells the way round.
 */
export function redeploy({ stage }: Pick<Session, 'stage'>): string {
  return `npx serverless deploy --stage ${stage()}, with the last parameters; if it was deployed: docs/operations.md, "What was changed by hand"`;
}

/** Whether this is the stack on this machine, which has only part of what an account has. */
export function isLocal({ stage }: Pick<Session, 'stage'>): boolean {
  return stage() === 'local';
}
