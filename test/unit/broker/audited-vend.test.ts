import { expect, it } from 'vitest';
import { auditedVend } from '../../../lib/broker/audited-vend.ts';
import { Fault } from '../../../lib/fault.ts';
import { at } from '../../support/connections.ts';
import { recordingLog } from '../../support/recording-log.ts';
import { aFingerprint } from '../../support/transparent-sealer.ts';
import { aNewerToken, vendWorld } from '../../support/vend-world.ts';

const caller = 'arn:aws:iam::111122223333:role/crm';
const asked = { caller, connection: 'acme/ann', isAllowed: true };
const line = { caller, connection: 'acme/ann', action: 'vend', decision: 'allowed' };

it('leaves one line of a vend, which names the token and does not hold it', async () => {
  const log = recordingLog();

  const vended = await auditedVend(log, asked, () => vendWorld().vend());

  expect(vended.accessToken.reveal()).toBe('access-1');
  expect(log.lines).toEqual([
    {
      level: 'info',
      event: 'access',
      details: { ...line, outcome: 'vended', token: aFingerprint('access-1') },
    },
  ]);
  expect(JSON.stringify(log.lines)).not.toContain('access-1');
});

it('names a token alike whether it is read, remembered or fresh from a refresh', async () => {
  const refresh = () => ({ outcome: 'refreshed', state: 'active', token: aNewerToken() }) as const;
  const world = vendWorld({ refresh });
  const first = await world.vend();
  const remembered = await world.vend();
  await world.clock.advance(3_600_000);
  const refreshed = await world.vend();
  const again = await world.vend();

  expect(remembered.fingerprint).toBe(first.fingerprint);
  expect(first.fingerprint).toBe(aFingerprint('access-1'));
  expect(again.fingerprint).toBe(refreshed.fingerprint);
  expect(refreshed.fingerprint).toBe(aFingerprint('access-2'));
});

it('is named once for as long as it is remembered', async () => {
  const world = vendWorld();
  let named = 0;
  const fingerprint: typeof world.ports.fingerprint = (...given) => {
    named += 1;
    return world.ports.fingerprint(...given);
  };

  for (let vend = 0; vend < 100; vend += 1) await world.vend({}, { fingerprint });

  expect(named).toBe(1);
});

it('denies before anything is looked at, and leaves one line of it', async () => {
  const log = recordingLog();
  const world = vendWorld();

  const vending = auditedVend(log, { ...asked, isAllowed: false }, () => world.vend());

  await expect(vending).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  expect(log.lines.map(({ details }) => details)).toEqual([{ ...line, decision: 'denied' }]);
  expect(world.asked).toEqual([]);
});

it.each([
  [new Fault('UNKNOWN_CONNECTION', { client: 'acme', connection: 'ann' }), 'unknown_connection'],
  [
    new Fault('REAUTHORIZATION_REQUIRED', {
      client: 'acme',
      connection: 'ann',
      reason: 'grant_dead',
      since: at(0),
    }),
    'reauthorization_required',
  ],
  [new Fault('REQUEST_INVALID', { problems: ['canary'] }), 'invalid_request'],
  [new TypeError('canary'), 'server_error'],
])('leaves one line of a vend that came to nothing: %s', async (error, outcome) => {
  const log = recordingLog();

  const vending = auditedVend(log, asked, () => Promise.reject(error));

  await expect(vending).rejects.toBe(error);
  expect(log.lines.map(({ details }) => details)).toEqual([{ ...line, outcome }]);
});

it('hands out nothing when its line cannot be written', async () => {
  const audit = (): never => {
    throw new Error('no log');
  };

  await expect(auditedVend({ audit }, asked, () => vendWorld().vend())).rejects.toThrow('no log');
});
