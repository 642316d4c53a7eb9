import type { AnySchemaObject } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { Fault, type FaultCode, type FaultContexts } from '../../lib/fault.ts';
import { buildProblem, describeFailure, isOurs } from '../../lib/problem.ts';
import { interfaceDocument, problemsOf } from '../support/interface-document.ts';

const key = { client: 'acme', connection: 'ann' };
const unavailable = { client: 'acme', trouble: 'http_status', httpStatus: 503 } as const;

/** One context for each code, and the answer's error and status. */
const table: {
  readonly [Code in FaultCode]: readonly [FaultContexts[Code], string, number];
} = {
  REQUEST_INVALID: [{ problems: ['client is required'] }, 'invalid_request', 400],
  ACCESS_DENIED: [{ action: 'vend', connection: 'acme/ann' }, 'access_denied', 403],
  UNKNOWN_CLIENT: [{ client: 'acme' }, 'unknown_client', 404],
  UNKNOWN_CONNECTION: [key, 'unknown_connection', 404],
  ACCOUNT_MISMATCH: [key, 'account_mismatch', 409],
  CONNECTION_CHANGED: [key, 'connection_changed', 409],
  REAUTHORIZATION_REQUIRED: [
    { ...key, reason: 'grant_dead', since: 1_790_000_000 },
    'reauthorization_required',
    409,
  ],
  CREDENTIALS_REFUSED: [key, 'credentials_refused', 422],
  OUT_OF_TIME: [{}, 'temporarily_unavailable', 503],
  SLOW_DOWN: [{ retryAfterSeconds: 7 }, 'slow_down', 429],
  CLIENT_REFUSED: [{ client: 'acme' }, 'provider_error', 502],
  PROVIDER_ANSWER_INVALID: [{ client: 'acme', trouble: 'no_access_token' }, 'provider_error', 502],
  PROVIDER_REFUSED_REQUEST: [{ client: 'acme', error: 'invalid_scope' }, 'provider_error', 502],
  PROVIDER_UNAVAILABLE: [unavailable, 'temporarily_unavailable', 503],
  TEMPORARILY_UNAVAILABLE: [{ ...key, retryAfterSeconds: 7 }, 'temporarily_unavailable', 503],
  REGISTRATION_INVALID: [
    { client: 'acme', problems: ['client_id is required'] },
    'temporarily_unavailable',
    503,
  ],
  CLIENT_CHANGED: [
    { client: 'acme', problems: ['client_id is not the one pinned'] },
    'temporarily_unavailable',
    503,
  ],
  STORE_UNAVAILABLE: [
    { store: 'connections', operation: 'read', reason: 'ThrottlingException' },
    'temporarily_unavailable',
    503,
  ],
  SEALED_VALUE_INVALID: [
    { purpose: 'access_token', reason: 'altered' },
    'temporarily_unavailable',
    503,
  ],
  KEY_RING_INVALID: [
    { purpose: 'renewal', problems: ['current is missing'] },
    'temporarily_unavailable',
    503,
  ],
  ROW_INVALID: [
    { table: 'tokens', key: 'acme/ann', problems: ['fence is required'] },
    'temporarily_unavailable',
    503,
  ],
  CONFIGURATION_INVALID: [{ problems: ['STAGE must be set'] }, 'temporarily_unavailable', 503],
};
const faults = Object.entries(table).map(([code, [context, error, status]]) => {
  const fault = new Fault(code as FaultCode, context as never);
  return [code, fault, { error, status }] as const;
});

describe('every fault', () => {
  it.each(faults)('%s has its place in the interface', (_code, fault, expected) => {
    const problem = buildProblem(fault);

    expect(problem).toMatchObject(expected);
    expect(problem.error_description).toContain(fault.message);
    expect(problem.retry_after === undefined).toBe(![429, 503].includes(expected.status));
  });

  it.each(faults)('%s is answered as a schema of the OpenAPI document says', (_code, fault) => {
    const { error } = buildProblem(fault);
    const schemas: readonly AnySchemaObject[] = Object.values(interfaceDocument.components.schemas);
    const own = schemas.filter(({ properties }) => properties?.error?.const === error);

    expect(own).toHaveLength(1);
    expect(problemsOf(own[0] ?? {}, buildProblem(fault))).toEqual([]);
  });

  it.each(faults)('%s says in the log what to do', (code, fault) => {
    expect(describeFailure(fault)).toEqual({
      code,
      advice: expect.stringContaining(';'),
      context: fault.context,
    });
  });

  it.each(faults)('%s is ours to look into from status 500 on', (_code, fault, { status }) => {
    expect(isOurs(buildProblem(fault))).toBe(status >= 500);
  });
});

it('tells why and since when a connection needs its owner', () => {
  const context = { ...key, reason: 'answer_lost', since: 1_790_000_000 } as const;

  expect(buildProblem(new Fault('REAUTHORIZATION_REQUIRED', context))).toMatchObject({
    reason: 'answer_lost',
    since: 1_790_000_000,
  });
});

it.each([
  [
    'what the provider asked for',
    new Fault('PROVIDER_UNAVAILABLE', { ...unavailable, retryAfterSeconds: 90 }),
    90,
  ],
  [
    'what a schedule says',
    new Fault('TEMPORARILY_UNAVAILABLE', { ...key, retryAfterSeconds: 7 }),
    7,
  ],
  [
    'a second at least, even where the provider says at once',
    new Fault('PROVIDER_UNAVAILABLE', { ...unavailable, retryAfterSeconds: 0 }),
    1,
  ],
  ['half a minute when nobody knows better', new Fault('PROVIDER_UNAVAILABLE', unavailable), 30],
])('tells to come back after %s', (_what, fault, seconds) => {
  expect(buildProblem(fault).retry_after).toBe(seconds);
});

it.each([
  new Fault('REQUEST_INVALID', { problems: ['client is required', 'scope must be a string'] }),
  new Fault('REGISTRATION_INVALID', { client: 'acme', problems: ['client_id is required'] }),
  new Fault('CLIENT_CHANGED', { client: 'acme', problems: ['client_id is not the one pinned'] }),
])('names every member that is at fault: $code', (fault) => {
  for (const problem of fault.context.problems) {
    expect(buildProblem(fault).error_description).toContain(problem);
  }
});

describe('an error that is none of ours', () => {
  const foreign = Object.assign(
    new TypeError('canary-message\n    at canary-frame (canary:1:1)', { cause: 'canary-cause' }),
    { body: 'canary-body' },
  );

  it('is a server error and nothing else to the caller', () => {
    expect(buildProblem(foreign)).toEqual({
      error: 'server_error',
      error_description: expect.any(String),
      status: 500,
    });
    expect(JSON.stringify(buildProblem(foreign))).not.toContain('canary');
  });

  it('leaves its class and place in the log, and none of its words', () => {
    const description = describeFailure(foreign);

    expect(description).toMatchObject({ code: 'UNEXPECTED', thrown: 'TypeError' });
    expect(description).toHaveProperty('at.0', expect.stringContaining('problem.test.ts'));
    expect(JSON.stringify(description)).not.toContain('canary');
  });

  it('keeps its words to itself when its name or message was changed', () => {
    const odd = new Error('canary-one');
    odd.name = 'canary name';
    odd.message = 'changed';

    expect(JSON.stringify(describeFailure(odd))).not.toContain('canary');
  });

  it.each(['canary', undefined, null, { message: 'canary' }])(
    'may be no error at all: %j',
    (thrown) => {
      expect(buildProblem(thrown).status).toBe(500);
      expect(JSON.stringify(describeFailure(thrown))).not.toContain('canary');
    },
  );
});
