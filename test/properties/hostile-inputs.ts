/**
 * What strangers send: text, JSON, and good inputs that were tampered with.
 *
 * @module
 */
import fc from 'fast-check';

/** Text that has broken parsers before, ours or somebody else's. */
const infamous = [
  '',
  ' ',
  '\r\nset-cookie: a=b',
  '\u0000',
  '\u0085',
  '\u2028',
  '\ud800',
  '%00',
  '%0d%0a',
  '%',
  '../..',
  '//evil.example',
  '\\\\evil.example',
  'https://ann@evil.example/',
  'https://169.254.169.254/latest/meta-data',
  'javascript:alert(1)',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '1e309',
  '-1',
  '3600',
  'true',
  '[]',
  '{}',
  '*',
  '*/*',
];

/** Text of any kind, mostly short, sometimes very long. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(...infamous),
  fc
    .tuple(fc.constantFrom('a', '%', '"', '[', '{"a":', '\\', '=', '.'), fc.nat(20_000))
    .map(([unit, times]) => unit.repeat(times)),
);

/** A value as JSON can say it. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  hostileText,
  fc.constantFrom(null, true, false, 0, -0, -1, 1.5, 2 ** 53, -(2 ** 53), 1e308, [], {}),
  fc.nat(60).map((levels) => nested(levels)),
  fc.dictionary(fc.constantFrom(...infamous), fc.jsonValue()),
);

function nested(levels: number): unknown {
  return levels === 0 ? 0 : levels % 2 === 0 ? [nested(levels - 1)] : { a: nested(levels - 1) };
}

/** A text of which some characters were cut, changed, doubled or put in. */
export function tampered(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const deed = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(8),
    put: fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('&', '=', ';', '"', '{', ']', ',', '.', '/', '\\', '\r\n', '%2', '\u0000'),
    ),
  });
  return fc.tuple(text, fc.array(deed, { maxLength: 3 })).map(([original, deeds]) =>
    deeds.reduce((changed, { at, cut, put }) => {
      const index = Math.floor(at * changed.length);
      return changed.slice(0, index) + put + changed.slice(index + cut);
    }, original),
  );
}

/**
 * A JSON value some of whose members were replaced, taken away, or joined by strangers, at any
 * depth: near enough to a good one to get behind the first check, and often enough still a good one.
 */
export function meddled(value: unknown): fc.Arbitrary<unknown> {
  return meddledAt(value, countMembers(value));
}

function countMembers(value: unknown): number {
  const members = typeof value === 'object' && value !== null ? Object.values(value) : [];
  return members.reduce((sum: number, member) => sum + countMembers(member), 1);
}

/** @param quiet - how many times likelier it is that a member stays as it is. */
function meddledAt(value: unknown, quiet: number): fc.Arbitrary<unknown> {
  const whole = { weight: 3 * quiet, arbitrary: rebuilt(value, quiet) };
  return fc.oneof(whole, { weight: 1, arbitrary: hostileJson });
}

function rebuilt(value: unknown, quiet: number): fc.Arbitrary<unknown> {
  const strangers = <Stranger>(one: fc.Arbitrary<Stranger>) =>
    fc
      .tuple(fc.nat(3 * quiet), one)
      .map(([fate, each]): readonly Stranger[] => (fate === 0 ? [each] : []));
  if (Array.isArray(value)) {
    return fc
      .tuple(fc.tuple(...value.map((item) => meddledAt(item, quiet))), strangers(hostileJson))
      .map(([kept, more]) => [...kept, ...more]);
  }
  if (typeof value !== 'object' || value === null) return fc.constant(value);
  const members = Object.entries(value).map(([name, member]) =>
    fc
      .tuple(fc.nat(3 * quiet), meddledAt(member, quiet))
      .map(([fate, kept]): readonly (readonly [string, unknown])[] =>
        fate === 0 ? [] : [[name, kept]],
      ),
  );
  return fc
    .tuple(fc.tuple(...members), strangers(fc.tuple(hostileText, hostileJson)))
    .map(([kept, more]) => ownMembers([...kept.flat(), ...more]));
}

/** An object with these as its own members, `__proto__` too, as `JSON.parse` makes it. */
function ownMembers(members: readonly (readonly [string, unknown])[]): unknown {
  const texts = members.map(
    ([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`,
  );
  return JSON.parse(`{${texts.join()}}`);
}
