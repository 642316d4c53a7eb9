/**
 * The way to the broker: by direct invocation, or over HTTP. What comes back is told apart here only
 * as far as it came.
 *
 * @module
 */
import type { UnreachableReason } from './evergrant-error.ts';

/** What is asked of the broker. */
export interface VendRequest {
  readonly client: string;
  readonly connection: string;
  readonly minTtlSeconds: number;
  readonly maxWaitSeconds: number;
  /** Lower-case hex of the SHA-256 of a token that the API refused. */
  readonly rejectedTokenSha256?: string;
}

/** What one try came to. */
export type Reply =
  /** The broker answered; `message` is parsed JSON, untrusted. */
  | { readonly outcome: 'answered'; readonly message: unknown }
  /** AWS does not let this caller ask. */
  | { readonly outcome: 'denied' }
  /** @property mayRepeat - whether another try now might do better. */
  | {
      readonly outcome: 'unreachable';
      readonly reason: UnreachableReason;
      readonly mayRepeat: boolean;
    };

/** One try of asking the broker. Repeating it does no harm: what is asked for is a state. */
export interface Transport {
  /** Answers in `timeoutMs`; never throws. */
  readonly ask: (request: VendRequest, timeoutMs: number) => Promise<Reply>;
}

/** The request as the interface has it: the event of an invocation, or a body. */
export function vendMessage(request: VendRequest): string {
  const { minTtlSeconds, maxWaitSeconds, rejectedTokenSha256, ...names } = request;
  return JSON.stringify({
    ...names,
    min_ttl_seconds: minTtlSeconds,
    max_wait_seconds: maxWaitSeconds,
    rejected_token_sha256: rejectedTokenSha256,
  });
}

export function unreachable(reason: UnreachableReason, mayRepeat: boolean): Reply {
  return { outcome: 'unreachable', reason, mayRepeat };
}

/** A member of something that may be anything. */
export function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** @returns undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
