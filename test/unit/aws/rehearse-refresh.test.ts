/** A process's first refresh: all of its code has run before a credential is spent. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { rehearseRefresh } from '../../../lib/aws/rehearse-refresh.ts';
import type { RefreshPorts } from '../../../lib/broker/refresh-replies.ts';
import { grantingProvider } from '../../../lib/oauth/granting-provider.ts';
import { seconds, systemClock } from '../../../lib/time.ts';

const timing: RefreshPorts['timing'] = {
  leaseSeconds: seconds(60),
  providerTimeoutSeconds: seconds(45),
  storeWriteSeconds: seconds(5),
  clockSkewSeconds: seconds(5),
  recoveryDelaySeconds: seconds(150),
};

describe('rehearseRefresh', () => {
  afterEach(() => vi.restoreAllMocks());

  it('goes all the way, from the row to the new token', async () => {
    const requestToken = grantingProvider(systemClock);

    const reply = await rehearseRefresh({ clock: systemClock, timing, requestToken });

    expect(reply).toMatchObject({
      outcome: 'refreshed',
      state: 'active',
      token: { client: 'rehearsal', connection: 'rehearsal', sealed: expect.any(String) },
    });
  });

  it('asks the provider that it is given once, with what belongs to nobody', async () => {
    const asked: unknown[] = [];
    const granting = grantingProvider(systemClock);
    const requestToken: RefreshPorts['requestToken'] = (client, request, timeoutMs) => {
      asked.push([client.name, request.grantType]);
      return granting(client, request, timeoutMs);
    };

    await rehearseRefresh({ clock: systemClock, timing, requestToken });

    expect(asked).toEqual([['rehearsal', 'refresh_token']]);
  });

  it('fits into any timing that may be deployed', async () => {
    const long = { ...timing, leaseSeconds: seconds(800), providerTimeoutSeconds: seconds(700) };
    const requestToken = grantingProvider(systemClock);

    const reply = await rehearseRefresh({ clock: systemClock, timing: long, requestToken });

    expect(reply.outcome).toBe('refreshed');
  });

  it('opens no connection to anywhere', async () => {
    const { Socket } = await import('node:net');
    const connect = vi.spyOn(Socket.prototype, 'connect');

    await rehearseRefresh({
      clock: systemClock,
      timing,
      requestToken: grantingProvider(systemClock),
    });

    expect(connect).not.toHaveBeenCalled();
  });
});
