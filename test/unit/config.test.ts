import { describe, expect, it } from 'vitest';
import { baseUrl, countBetween, list, readConfig, secondsBetween, text } from '../../lib/config.ts';

const problemsOf = (read: () => unknown) => {
  try {
    read();
    return [];
  } catch (fault) {
    return (fault as { readonly context: { readonly problems: readonly string[] } }).context
      .problems;
  }
};
const readOne = <Value>(reader: (given: string) => Value, given: string | undefined) =>
  readConfig({ NAME: given }, { NAME: reader }).NAME;

it('reads every setting, without the space around it', () => {
  expect(readConfig({ A: ' a ', B: '7' }, { A: text, B: countBetween(1, 9) })).toEqual({
    A: 'a',
    B: 7,
  });
});

it('names every setting that is missing or malformed, all at once', () => {
  const readers = { A: text, B: countBetween(1, 9), C: baseUrl, D: text };

  expect(problemsOf(() => readConfig({ B: '10', C: 'x', D: 'd' }, readers))).toEqual([
    'A must be set',
    'B must be a whole number from 1 to 9',
    'C must be an https origin without a path',
  ]);
});

it('repeats no value, since one may be a secret in the wrong place', () => {
  const readers = { A: countBetween(1, 9), B: baseUrl };

  const problems = problemsOf(() => readConfig({ A: 'canary', B: 'canary' }, readers));

  expect(problems).toHaveLength(2);
  expect(problems.join()).not.toContain('canary');
});

describe('a number', () => {
  it.each(['1', '9', '5'])('within its bounds may be %s', (given) => {
    expect(readOne(countBetween(1, 9), given)).toBe(Number(given));
  });

  it.each([undefined, '', ' ', '0', '10', '-1', '1.5', 'NaN', 'Infinity', '5s'])(
    'may not be %j',
    (given) => {
      expect(problemsOf(() => readOne(countBetween(1, 9), given))).toHaveLength(1);
    },
  );

  it('of seconds has the same bounds', () => {
    expect(readOne(secondsBetween(3, 9), '3')).toBe(3);
    expect(problemsOf(() => readOne(secondsBetween(3, 9), '2'))).toHaveLength(1);
  });
});

describe('the public base URL', () => {
  it.each([
    ['https://oauth.example.com', 'https://oauth.example.com'],
    ['https://oauth.example.com/', 'https://oauth.example.com'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
  ])('may be %s', (given, origin) => {
    expect(readOne(baseUrl, given)).toBe(origin);
  });

  it.each([
    undefined,
    'oauth.example.com',
    'https://oauth.example.com/path',
    'https://oauth.example.com?x',
    'https://oauth.example.com#x',
    'ftp://oauth.example.com',
    '[object Object]',
  ])('may not be %j', (given) => {
    expect(problemsOf(() => readOne(baseUrl, given))).toHaveLength(1);
  });
});

it.each([
  [undefined, []],
  ['', []],
  ['a', ['a']],
  [' a , b,, ', ['a', 'b']],
])('reads the list %j as %j', (given, expected) => {
  expect(readOne(list, given)).toEqual(expected);
});
