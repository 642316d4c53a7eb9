import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Connection, StoredToken, Warning } from '../../lib/broker/ports.ts';
import { connectionMessage, vendMessage } from '../../lib/http/answer-message.ts';
import { Secret } from '../../lib/secret.ts';
import { aConnection, aStoredToken, at } from '../support/connections.ts';
import { interfaceDocument, problemsOf } from '../support/interface-document.ts';

const { schemas } = interfaceDocument.components;
const instant = fc.nat().map(at);
const textMap = fc.dictionary(fc.string(), fc.string());
const wordOf = (name: string) => fc.constantFrom<never>(...(schemas[name].enum as never[]));
const liveState = fc.constantFrom('active', 'failing', 'needs_reauth' as const);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

/** Without the members that are undefined, as everywhere in the code. */
const present = (members: object) =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

it('a connection is told as the document says, whatever there is to tell', () => {
  const members = fc.record({
    state: liveState,
    reason: maybe(wordOf('ReauthorizationReason')),
    scope: maybe(fc.string()),
    accountId: maybe(fc.string()),
    values: textMap,
    accessTokenExpiresAt: maybe(instant),
    expirySource: wordOf('ExpirySource'),
    refreshTokenExpiresAt: maybe(instant),
    refreshAt: maybe(instant),
    failures: fc.nat(),
    failingSince: maybe(instant),
  });
  fc.assert(
    fc.property(members, (given) => {
      const connection: Connection = aConnection(present(given));
      expect(problemsOf(schemas.Connection, connectionMessage(connection))).toEqual([]);
    }),
  );
});

it('a token is told as the document says, whatever there is to tell', () => {
  const members = fc.record({
    state: liveState,
    tokenType: fc.string(),
    expiresAt: maybe(instant),
    expirySource: wordOf('ExpirySource'),
    scope: maybe(fc.string()),
    present: fc.record({
      in: fc.constantFrom('header' as const, 'query' as const),
      name: fc.string(),
      scheme: fc.constantFrom('', 'Bearer'),
    }),
    apiBaseUrl: maybe(fc.webUrl()),
    values: textMap,
    refreshTokenExpiresAt: maybe(instant),
  });
  const warning = maybe(fc.record({ code: wordOf('WarningCode'), since: instant }));
  fc.assert(
    fc.property(members, warning, instant, (given, about, now) => {
      const token: StoredToken = aStoredToken(present(given));
      const accessToken = new Secret('access_token', 'an-access-token');
      const vended = { token, accessToken, ...(about && { warning: about as Warning }) };

      expect(problemsOf(schemas.Token, vendMessage(vended, now))).toEqual([]);
    }),
  );
});
