import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listRepeatedMembers } from '../../../lib/oauth/json-repeats.ts';

describe('listRepeatedMembers', () => {
  it.each([
    ['{"a":1,"a":2}', ['a']],
    ['{"a":1,"b":2}', []],
    ['{"a":{"b":1},"b":2}', []],
    ['{"a":{"b":1,"b":2}}', ['a.b']],
    ['{"a":{"b":1},"a":2}', ['a']],
    ['[{"a":1},{"a":2,"a":3}]', ['1.a']],
    ['{"list":[[],[{"x":1,"x":2}]]}', ['list.1.0.x']],
    ['{"a":"a","b":["a","a"]}', []],
    ['{"a":"\\"a\\":1","b":1}', []],
    ['{"a":1,"\\u0061":2}', ['a']],
    ['{"":1,"":2}', ['']],
    ['{"__proto__":1,"__proto__":2}', ['__proto__']],
    ['{ "a" : 1 ,\n\t"a" : 2 }', ['a']],
    ['"a"', []],
    ['7', []],
  ])('finds in %s the members that are there twice', (text, expected) => {
    expect(listRepeatedMembers(text)).toEqual(expected);
  });

  it('finds none in what a serializer wrote', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
        expect(listRepeatedMembers(JSON.stringify(value, null, indent))).toEqual([]);
      }),
    );
  });

  it('finds a repetition whatever the name and wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), fc.jsonValue(), (name, first, second) => {
        const member = (value: unknown) => `${JSON.stringify(name)}:${JSON.stringify(value)}`;
        const text = `[{"at":{${member(first)},${member(second)}}}]`;

        expect(listRepeatedMembers(text)).toContain(`0.at.${name}`);
      }),
    );
  });
});
