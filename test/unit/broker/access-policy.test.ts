import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import deployedPolicy from '../../../access-policy.json' with { type: 'json' };
import {
  type AccessPolicy,
  isAllowed,
  matches,
  mayList,
  parseAccessPolicy,
  principalOf,
} from '../../../lib/broker/access-policy.ts';

const role = 'arn:aws:iam::123456789012:role/crm';
const session = 'arn:aws:sts::123456789012:assumed-role/crm/a-session';
const aPolicy = (entry: Partial<AccessPolicy['allow'][number]> = {}): AccessPolicy => ({
  allow: [{ principals: [role], actions: ['vend'], connections: ['acme/*'], ...entry }],
});
const vendAnn = { action: 'vend', connection: 'acme/ann' } as const;

describe('who is asking', () => {
  it('is a role by its sessions', () => {
    expect(isAllowed(aPolicy(), session, vendAnn)).toBe(true);
  });

  it.each([
    ['another role', 'arn:aws:sts::123456789012:assumed-role/crm2/s'],
    ['another account', 'arn:aws:sts::999999999999:assumed-role/crm/s'],
    ['a session that calls itself like the role', 'arn:aws:sts::123456789012:assumed-role/x/crm'],
    ['a user of the same name', 'arn:aws:iam::123456789012:user/crm'],
    ['a federated user', 'arn:aws:sts::123456789012:federated-user/crm'],
    ['the account’s root', 'arn:aws:iam::123456789012:root'],
    ['nobody', ''],
  ])('is not %s', (_what, caller) => {
    expect(isAllowed(aPolicy(), caller, vendAnn)).toBe(false);
  });

  it('is read in every partition', () => {
    expect(principalOf('arn:aws-us-gov:sts::123456789012:assumed-role/crm/s')).toBe(
      'arn:aws-us-gov:iam::123456789012:role/crm',
    );
    expect(principalOf('arn:aws:iam::123456789012:user/ann')).toBe(
      'arn:aws:iam::123456789012:user/ann',
    );
  });

  it('never depends on the session’s name, which the caller chose', () => {
    const name = fc.stringMatching(/^[\w+=,.@-]{2,64}$/);
    fc.assert(
      fc.property(name, (chosen) => {
        expect(principalOf(`arn:aws:sts::123456789012:assumed-role/crm/${chosen}`)).toBe(role);
      }),
    );
  });
});

describe('what is allowed', () => {
  it('is nothing as deployed (deny by default)', () => {
    const policy = parseAccessPolicy(deployedPolicy);

    for (const action of ['vend', 'connect', 'read', 'write'] as const) {
      expect(isAllowed(policy, session, { action, connection: 'acme/ann' })).toBe(false);
    }
    expect(mayList(policy, session, 'acme')).toBe(false);
  });

  it('is the actions named, and no others', () => {
    for (const action of ['connect', 'read', 'write'] as const) {
      expect(isAllowed(aPolicy(), session, { ...vendAnn, action })).toBe(false);
    }
  });

  it('is every action with *', () => {
    const policy = aPolicy({ actions: ['*'] });

    for (const action of ['vend', 'connect', 'read', 'write'] as const) {
      expect(isAllowed(policy, session, { ...vendAnn, action })).toBe(true);
    }
  });

  it('is not put together from two entries', () => {
    const policy = {
      allow: [
        { principals: [role], actions: ['read' as const], connections: ['acme/*'] },
        { principals: ['arn:aws:iam::*:role/*'], actions: ['vend' as const], connections: ['b/*'] },
      ],
    };

    expect(isAllowed(policy, session, vendAnn)).toBe(false);
  });

  it.each([
    ['acme/*', 'acme/ann', true],
    ['acme/*', 'acme2/ann', false],
    ['acme*/*', 'acme2/ann', true],
    ['*', 'acme/ann', false],
    ['*/ann', 'acme/ann', true],
    ['acme/a.n', 'acme/ann', false],
    ['acme/ann', 'acme/anna', false],
    ['acme/ann', 'xacme/ann', false],
    ['acme/ann', 'acme/ann\n', false],
    ['*/*', 'acme/ann/x', false],
  ])('the pattern %s on %j: %s', (pattern, text, expected) => {
    expect(matches(pattern, text)).toBe(expected);
  });
});

describe('a pattern', () => {
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '.', '+', '(', '$', '^', '\\', '-') });

  it('without * matches itself and nothing else', () => {
    fc.assert(
      fc.property(part, part, (pattern, text) => {
        expect(matches(pattern, text)).toBe(pattern === text);
      }),
    );
  });

  it('with * matches whatever stands in its place, but a slash', () => {
    fc.assert(
      fc.property(part, part, part, (before, within, after) => {
        expect(matches(`${before}*${after}`, before + within + after)).toBe(true);
        expect(matches(`${before}*${after}`, `${before}${within}/${after}`)).toBe(false);
      }),
    );
  });

  it('keeps the number of slashes', () => {
    const piece = fc.string({ unit: fc.constantFrom('*', '/', 'a') });
    fc.assert(
      fc.property(piece, piece, (pattern, text) => {
        if (matches(pattern, text)) expect(text.split('/')).toHaveLength(pattern.split('/').length);
      }),
    );
  });
});

describe('listing', () => {
  const reader = (connections: readonly string[]) =>
    aPolicy({ actions: ['read'], connections: [...connections] });

  it.each([['acme/*'], ['acme/ann'], ['*/*'], ['ac*/x']])(
    'is allowed to a reader of %s',
    (pattern) => {
      expect(mayList(reader([pattern]), session, 'acme')).toBe(true);
    },
  );

  it.each([['acme2/*'], ['other/acme'], ['a/*']])('is denied to a reader of %s', (pattern) => {
    expect(mayList(reader([pattern]), session, 'acme')).toBe(false);
  });

  it('is denied to whoever may vend only', () => {
    expect(mayList(aPolicy(), session, 'acme')).toBe(false);
  });
});

describe('a policy that was written wrong', () => {
  it.each([
    ['allow', {}],
    ['allow.0.actions.0', { allow: [{ ...aPolicy().allow[0], actions: ['drop'] }] }],
    ['allow.0.actions', { allow: [{ ...aPolicy().allow[0], actions: [] }] }],
    ['allow.0.principals', { allow: [{ ...aPolicy().allow[0], principals: [] }] }],
    ['allow.0.principals.0', { allow: [{ ...aPolicy().allow[0], principals: ['*'] }] }],
    ['allow.0.connections.0', { allow: [{ ...aPolicy().allow[0], connections: [7] }] }],
    ['allow.0.deny', { allow: [{ ...aPolicy().allow[0], deny: true }] }],
    ['deny', { ...aPolicy(), deny: [] }],
    ['(root)', null],
  ])('is refused at cold start, naming %s', (member, policy) => {
    expect(() => parseAccessPolicy(policy)).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION_INVALID',
        context: { problems: [expect.stringContaining(`access-policy.json: ${member}:`)] },
      }),
    );
  });

  it.each(['acme', 'acme/ann/x', 'acme/', '/ann'])(
    'is refused when a pattern such as %s can match no connection',
    (connection) => {
      expect(() => parseAccessPolicy(aPolicy({ connections: [connection] }))).toThrow(
        expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
      );
    },
  );
});
