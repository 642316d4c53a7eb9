import type { Connection, TokenOptions } from './connection.ts';

/** The connections that a middleware puts into the context, by the names that it was given. */
export type ContextConnections<Names extends string> = {
  readonly [Name in Names]: Connection;
};

/** A middleware as middy takes it, written without middy. */
export interface AccessTokensMiddleware<Names extends string> {
  readonly before: (request: { readonly context: ContextConnections<Names> }) => Promise<void>;
}

/**
 * Makes a middleware that has a token of each connection at hand before the handler begins, and puts
 * the connections into the context. Where there is no token, the handler does not begin, and
 * `onError` gets the error of this client.
 *
 * @param names - connections by their name in the context, such as `{ hurma: 'hurma-acme/ann' }`.
 * @throws {InvalidRequest} when one is no `client/connection`.
 */
export type AccessTokens = <Names extends string>(
  names: Readonly<Record<Names, string>>,
  options?: Pick<TokenOptions, 'minTtlSeconds' | 'maxWaitSeconds'>,
) => AccessTokensMiddleware<Names>;

export function accessTokensOf(open: (name: string) => Connection): AccessTokens {
  return (names, options) => {
    const entries = Object.entries<string>(names).map(([key, name]) => [key, open(name)] as const);
    return {
      before: async ({ context }) => {
        await Promise.all(entries.map(([, connection]) => connection.token(options)));
        Object.assign(context, Object.fromEntries(entries));
      },
    };
  };
}
