import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { memberName, readStrictly } from '../../lib/read-strictly.ts';

const schema = v.strictObject({ a: v.optional(v.string()), deep: v.optional(v.unknown()) });

/** A list within a list, so many levels deep. */
const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('a problem', () => {
  it('names each faulty and each unknown member, and repeats no value', () => {
    const reading = readStrictly(schema, { a: 7, b: 'canary', c: 1 });

    expect(reading).toEqual({
      outcome: 'refused',
      problems: ['a must be a string', 'b is not a known member', 'c is not a known member'],
    });
  });

  it.each(['client_secret', 'rejected_token_sha256', 'return_urls', '0', '17', 'X-Api-Key', 'a.b'])(
    'names %s',
    (name) => {
      expect(memberName(name)).toBe(name);
    },
  );

  it.each([
    ['a token', 'ya29.a0AfH6SMBx7q1'],
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.e30.x'],
    ['64 characters', 'x'.repeat(64)],
    ['hexadecimal digits', '9f86d081884c7d65'],
    ['white space', 'a b'],
    ['a line break', 'a\nb'],
    ['nothing', ''],
  ])('does not repeat %s that stands where a name should', (_what, name) => {
    expect(memberName(name)).toBe('(an oddly named member)');
  });
});

describe('nesting', () => {
  it('is read as deep as anything needs', () => {
    expect(readStrictly(schema, { deep: nested(31) }).outcome).toBe('read');
  });

  it.each([32, 5000, 30_000])('is refused when it is %d levels deep', (levels) => {
    expect(readStrictly(schema, { deep: nested(levels) })).toEqual({
      outcome: 'refused',
      problems: ['must not be nested so deeply'],
    });
  });
});
