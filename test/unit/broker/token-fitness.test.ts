import { describe, expect, it } from 'vitest';
import { judge } from '../../../lib/broker/token-fitness.ts';
import { Secret } from '../../../lib/secret.ts';
import { seconds } from '../../../lib/time.ts';
import { at } from '../../support/connections.ts';
import { movingClock } from '../../support/moving-clock.ts';
import { aSealedToken, sha256 } from '../../support/vend-world.ts';

describe('a token that has ended', () => {
  const ended = { obtainedAt: at(-30), expiresAt: at(0) };

  it.each([
    ['a caller wants no least life', {}, { minTtlSeconds: seconds(0) }],
    ['its provider does not refresh yet', { refreshNotBefore: at(60) }, {}],
    ['an API refused it of late', {}, { rejectedTokenSha256: sha256('access-1') }],
  ])('is to be refreshed, also where %s', (_, token, request) => {
    const accessToken = new Secret('access_token', 'access-1');
    const open = { token: aSealedToken({ ...ended, ...token }), accessToken, fingerprint: 'k1' };

    expect(judge(movingClock(), { minTtlSeconds: seconds(60), ...request }, open)).toBe('refresh');
  });
});
