import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  readRenewalCredential,
  renewalKinds,
  writeRenewalCredential,
} from '../../../lib/broker/renewal-credential.ts';
import { isFault } from '../../../lib/fault.ts';
import { Secret } from '../../../lib/secret.ts';
import { oldCredential, passwordCredential } from '../../support/refresh-world.ts';

const everything = { ...oldCredential, ...passwordCredential, clientCredentials: true };

it.each([
  ['nothing', {}],
  ['a refresh token', oldCredential],
  ["the resource owner's credentials", passwordCredential],
  ['all of them', everything],
])('reads back as written: %s', (_name, credential) => {
  const text = writeRenewalCredential(credential);

  expect(writeRenewalCredential(readRenewalCredential(text))).toBe(text);
  expect(renewalKinds(readRenewalCredential(text))).toEqual(renewalKinds(credential));
});

it('reads back every character of a password', () => {
  const unit = fc.nat(0x10_ff_ff).map((code) => String.fromCodePoint(code));

  fc.assert(
    fc.property(fc.string({ unit, minLength: 1 }), (text) => {
      const resourceOwner = { username: text, password: new Secret('password', text) };

      const read = readRenewalCredential(writeRenewalCredential({ resourceOwner }));

      expect(read.resourceOwner?.username).toBe(text);
      expect(read.resourceOwner?.password.reveal()).toBe(text);
    }),
  );
});

it('names the refresh token first and the client last, since that is the order of trying', () => {
  expect(renewalKinds(everything)).toEqual(['refresh_token', 'password', 'client_credentials']);
});

it('takes a user name without a password for nothing', () => {
  expect(readRenewalCredential('{"username":"ann"}')).toEqual({});
});

it('takes a member that is no text, or an empty one, for nothing', () => {
  expect(readRenewalCredential('{"refresh_token":17,"username":[],"password":{}}')).toEqual({});
  expect(readRenewalCredential('{"refresh_token":""}')).toEqual({});
});

it('writes nothing of what it does not hold', () => {
  expect(writeRenewalCredential({ clientCredentials: false })).toBe('{}');
});

describe('what is of no known form', () => {
  it.each(['', 'refresh-token-canary', '"canary"', '17', 'null', '{"canary'])(
    'is a fault that quotes none of it: %j',
    (text) => {
      try {
        readRenewalCredential(text);
        expect.unreachable();
      } catch (error) {
        expect(isFault(error) && error.code).toBe('SEALED_VALUE_INVALID');
        expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toContain(
          'cana',
        );
      }
    },
  );
});
