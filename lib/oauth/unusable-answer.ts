import type { ProviderTrouble } from '../fault.ts';
import type { TokenOutcome } from './token-endpoint.ts';

export type UnusableOutcome = Extract<
  TokenOutcome,
  { readonly outcome: 'unavailable' | 'answer_invalid' }
>;

/**
 * A provider answered, and what it said is no answer in the words of RFC 6749 §5.
 *
 * Thrown where the answer is translated, since the protocol has no message for it; whoever made
 * the request turns it into its `outcome`. Carries nothing that the provider wrote.
 */
export class UnusableAnswer extends Error {
  override readonly name = 'UnusableAnswer';
  readonly outcome: UnusableOutcome;

  constructor(outcome: UnusableOutcome) {
    super(`the answer cannot be used: ${outcome.trouble}`);
    this.outcome = outcome;
  }
}

/** A success that carries no token, or one that breaks the rules of a token answer. */
export function invalidAnswer(trouble: ProviderTrouble, httpStatus: number): UnusableAnswer {
  return new UnusableAnswer({ outcome: 'answer_invalid', trouble, httpStatus });
}
