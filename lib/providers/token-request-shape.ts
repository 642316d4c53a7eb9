import type { Definition, GrantType, TokenRequestShape } from './definition.ts';

/** What a grant's request is like: `token`, but for what the grant does otherwise. */
export function mergeTokenRequestShape(
  { token, grants }: Pick<Definition, 'token' | 'grants'>,
  grantType: GrantType,
): TokenRequestShape {
  const own = grants[grantType] ?? {};
  return {
    url: own.url === undefined ? token.url : own.url,
    method: own.method ?? token.method,
    parameters_in: own.parameters_in ?? token.parameters_in,
    client_authentication: own.client_authentication ?? token.client_authentication,
    names: { ...token.names, ...own.names },
    params: { ...token.params, ...own.params },
    headers: { ...token.headers, ...own.headers },
  };
}

/** The grants that a definition offers, whether or not their endpoint is known. */
export function listGrantTypes({ grants }: Pick<Definition, 'grants'>): readonly GrantType[] {
  return (Object.keys(grants) as GrantType[]).filter((name) => grants[name] !== undefined);
}
