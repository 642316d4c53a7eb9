/** What an editor says of a policy, and what a deployment says of it, are the same. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import deployedPolicy from '../../../access-policy.json' with { type: 'json' };
import schema from '../../../access-policy.schema.json' with { type: 'json' };
import { parseAccessPolicy } from '../../../lib/broker/access-policy.ts';
import localPolicy from '../../../local/access-policy.json' with { type: 'json' };

const validate = new Ajv2020({ allErrors: true }).compile(schema);
const isRead = (policy: unknown) => {
  try {
    parseAccessPolicy(policy);
    return true;
  } catch {
    return false;
  }
};

it.each([
  ['deployed', deployedPolicy],
  ['local', localPolicy],
])('takes the %s policy', (_which, policy) => {
  expect([validate(policy), isRead(policy)]).toEqual([true, true]);
});

it.each([
  ['no list', {}],
  ['another member', { allow: [], deny: [] }],
  ['an entry without actions', { allow: [{ principals: ['arn:x'], connections: ['a/b'] }] }],
  [
    'an entry with another member',
    { allow: [{ principals: ['arn:x'], actions: ['vend'], connections: ['a/b'], when: 'now' }] },
  ],
])('refuses %s', (_what, policy) => {
  expect([validate(policy), isRead(policy)]).toEqual([false, false]);
});

it('agrees on every list of principals, actions and connections', () => {
  const lists = <Each>(each: fc.Arbitrary<Each>) => fc.array(each, { maxLength: 3 });
  const entries = fc.record({
    principals: lists(fc.constantFrom('arn:aws:iam::1:role/x', 'arn:', '*', '', 'role/x', 7)),
    actions: lists(fc.constantFrom('vend', 'connect', 'read', 'write', '*', 'delete', '', null)),
    connections: lists(fc.constantFrom('a/b', '*/*', 'a', 'a/', '/b', 'a/b/c', '*', '', 7)),
  });
  const seen = { taken: 0, refused: 0 };

  fc.assert(
    fc.property(fc.array(entries, { maxLength: 2 }), (allow) => {
      const taken = isRead({ allow });
      seen[taken ? 'taken' : 'refused'] += 1;
      expect(validate({ allow })).toBe(taken);
    }),
    { numRuns: 2000 },
  );

  expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(20);
});
