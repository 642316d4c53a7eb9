import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { answered, aVendAnswer, brokerClient, problem } from '../../support/broker-client.ts';
import { aContext } from '../../support/lambda-context.ts';

/** What the runtime passes: nothing of ours is in it yet. */
const passed = (overrides?: Parameters<typeof aContext>[0]) => aContext(overrides) as never;

function twoConnections() {
  const client = brokerClient();
  client.answerWith(({ connection }) =>
    answered(aVendAnswer({ connection, access_token: `token-of-${connection}` })),
  );
  return client;
}

const names = { hurma: 'hurma-acme/ann', crm: 'hurma-acme/bob' };

describe('the middleware', () => {
  it('has the tokens at hand before the handler begins, and the connections in its context', async () => {
    const client = twoConnections();
    let askedBefore = 0;
    const handler = middy<{ readonly id: string }, string>()
      .use(client.accessTokens(names))
      .handler(async (event, context) => {
        askedBefore = client.asked.length;
        const tokens = await Promise.all([context.hurma.token(), context.crm.token()]);
        const shown = tokens.map((token) => token.reveal()).join(' and ');
        return `${event.id}: ${shown} in ${context.functionName}`;
      });

    const answer = await handler({ id: 'e' }, passed({ functionName: 'own' }));
    await handler({ id: 'e' }, passed());

    expect(answer).toBe('e: token-of-ann and token-of-bob in own');
    expect(askedBefore).toBe(2);
    expect(client.asked).toHaveLength(2);
  });

  it('asks for the life that is wanted', async () => {
    const client = twoConnections();
    const { accessTokens } = client;
    const handler = middy<unknown, Context>()
      .use(accessTokens({ hurma: 'hurma-acme/ann' }, { minTtlSeconds: 900 }))
      .handler(async (_event, context) => context);

    const context = await handler({}, passed());

    expect(client.asked).toMatchObject([{ connection: 'ann', minTtlSeconds: 900 }]);
    expect(context).toHaveProperty('hurma.name', 'hurma-acme/ann');
  });

  it('does not begin the handler where there is no token, and says why', async () => {
    const client = twoConnections();
    client.answerWith(() =>
      problem('reauthorization_required', { reason: 'grant_dead', since: 1 }),
    );
    let begun = false;
    const handler = middy<unknown, string>()
      .use(client.accessTokens(names))
      .handler(async () => {
        begun = true;
        return 'begun';
      });

    await expect(handler({}, passed())).rejects.toMatchObject({
      name: 'ReauthorizationRequired',
      reason: 'grant_dead',
    });
    expect(begun).toBe(false);
  });

  it('refuses a name that is none when it is made', () => {
    expect(() => brokerClient().accessTokens({ hurma: 'hurma' })).toThrow('client/connection');
  });
});
