import { expect, it } from 'vitest';
import { endingOf, toFailure } from '../../cli/failure.ts';
import { type AnyFault, Fault } from '../../lib/fault.ts';

const named = (name: string, members: object = {}) =>
  Object.assign(new Error('said by AWS'), { name, ...members });

it.each([
  ['ExpiredTokenException', 'denied'],
  ['CredentialsProviderError', 'denied'],
  ['AccessDeniedException', 'denied'],
  ['ResourceNotFoundException', 'unknown'],
  ['ThrottlingException', 'later'],
  ['TimeoutError', 'later'],
  ['SomethingElse', 'failed'],
])('ends an %s of AWS as %s', (name, ending) => {
  expect(toFailure(named(name)).ending).toBe(ending);
});

it('knows a connection that was not made, and a Region that nobody named', () => {
  expect(toFailure(named('Error', { code: 'ECONNREFUSED' })).ending).toBe('later');
  expect(toFailure(new Error('Region is missing')).ending).toBe('usage');
});

it.each<[AnyFault, string]>([
  [new Fault('REQUEST_INVALID', { problems: [] }), 'usage'],
  [new Fault('UNKNOWN_CLIENT', { client: 'acme' }), 'unknown'],
  [new Fault('REGISTRATION_INVALID', { client: 'acme', problems: [] }), 'found'],
  [new Fault('STORE_UNAVAILABLE', { store: 'x', operation: 'y' }), 'later'],
  [
    new Fault('STORE_UNAVAILABLE', { store: 'x', operation: 'y', reason: 'AccessDeniedException' }),
    'denied',
  ],
  [
    new Fault('STORE_UNAVAILABLE', {
      store: 'x',
      operation: 'y',
      reason: 'ResourceNotFoundException',
    }),
    'unknown',
  ],
  [new Fault('CLIENT_REFUSED', { client: 'acme' }), 'failed'],
])('ends the fault %s as %s, with its advice and context', (fault, ending) => {
  const failure = toFailure(fault);

  expect(failure.ending).toBe(ending);
  expect(failure.report).toEqual({
    error: fault.code.toLowerCase(),
    error_description: fault.message,
    ...fault.context,
  });
});

it.each([
  [400, undefined, 'usage'],
  [403, 'access_denied', 'denied'],
  [404, 'unknown_client', 'unknown'],
  [409, 'reauthorization_required', 'reauthorization'],
  [409, 'account_mismatch', 'failed'],
  [409, 'connection_changed', 'later'],
  [422, 'credentials_refused', 'failed'],
  [429, 'slow_down', 'later'],
  [502, 'provider_error', 'failed'],
  [503, 'temporarily_unavailable', 'later'],
])('ends an answer of %i %s as %s', (status, error, ending) => {
  expect(endingOf(status, error)).toBe(ending);
});
