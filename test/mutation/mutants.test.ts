import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { equivalentMutants, listStale } from './equivalent-mutants.ts';
import { markName, markPlaces } from './marks.ts';
import { listMutants, mutate } from './mutants.ts';
import { findRelatedTests } from './related-tests.ts';
import { listSources, root } from './scope.ts';

/** A template of the source that is read, not of this one. */
const ifNotExists = ['`if_not_exists($', '{b}, $', '{c})`'].join('');

const changesOf = (text: string) => listMutants('a.ts', text).map(({ change }) => change);

describe('the mutants of a file', () => {
  it.each([
    ['takes a guard away', 'if (late) leave();', ['late → false', 'late → true']],
    [
      'takes each term out of a condition',
      'const is = a && b() && c;',
      [
        'a && b() && c → (b()) && (c)',
        'a && b() && c → (a) && (c)',
        'a && b() && c → (a) && (b())',
      ],
    ],
    ['chooses each branch', 'const is = a ? b : c;', ['a ? b : c → (b)', 'a ? b : c → (c)']],
    ['moves a border', 'const is = a < b;', ['a < b → (a) <= (b)', 'a < b → (a) >= (b)']],
    [
      'turns no part of a decision round that it takes away',
      'if (a === b) c();',
      ['a === b → false', 'a === b → true'],
    ],
    ['turns equality round', 'const is = a === b;', ['a === b → (a) !== (b)']],
    ['takes a bound away', 'const a = Math.min(b, c);', ['without b', 'without c']],
    ['takes a margin away', 'const a = earlier(now, 5);', ['earlier(now, 5) → (now)']],
    [
      'takes each demand out of a condition of the store',
      'const a = allOf(fenceIs(1), isLive);',
      ['without fenceIs(1)', 'without isLive'],
    ],
    [
      'weakens a comparison of the store',
      "const a = compare('fence', 'atMost', 1);",
      ["compare('fence', 'atMost', 1) → compare('fence', 'lessThan', 1)"],
    ],
    [
      'leaves an attribute as it is',
      'const a = { set: { fence, lease: undefined } };',
      ['without fence', 'without lease: undefined'],
    ],
    ['overwrites what is there', `const a = ${ifNotExists};`, [`${ifNotExists} → c`]],
    [
      'leaves a call out, and does not wait for one',
      'async function a() { await b(); }',
      ['without await b();', 'await b() → b()'],
    ],
    [
      'throws on what is caught, and leaves undone what is done in the end',
      'try { a(); } catch { b(); } finally { c(); }',
      [
        'without a();',
        'try { a(); } catch { b(); } finally { c(); } → try { a(); } catch (caught) { throw caught; } finally { c(); }',
        'without b();',
        'try { a(); } catch { b(); } finally { c(); } → try { a(); } catch { b(); } finally {}',
        'without c();',
      ],
    ],
    ['turns a flag round', 'const a = { consistent: true };', ['true → false']],
    ['asks without looking', 'const a = b?.c;', ['b?.c → b.c']],
    [
      'takes a case away',
      "switch (a) { case 'b': c(); default: d(); }",
      ["without case 'b': c();"],
    ],
    ['lets everything through a filter', 'const a = b.filter(c);', ['b.filter(c) → (b)']],
  ])('%s', (_, text, changes) => {
    expect(changesOf(text)).toEqual(changes);
  });

  it.each([
    ['types', 'interface A { readonly b?: true } type C = A extends B ? true : false;'],
    ['log lines', 'function a() { ports.log.info("b"); }'],
    ['what a function gives back at its end', 'function a() { const b = c; return b; }'],
  ])('leave %s alone', (_, text) => {
    expect(changesOf(text)).toEqual([]);
  });

  it('do not ask whether a member is there that would else be undefined', () => {
    expect(changesOf('const a = { ...(b !== undefined && { b }) };')).toEqual([
      'without ...(b !== undefined && { b })',
    ]);
  });

  it('do not ask whether a number is there that is compared anyway', () => {
    expect(changesOf('const a = b !== undefined && b > c;')).not.toContain(
      'b !== undefined && b > c → (b > c)',
    );
    expect(changesOf('const a = b !== undefined && b.c > d;')).toContain(
      'b !== undefined && b.c > d → (b.c > d)',
    );
  });

  it('say in which function they are, and on which line', () => {
    const [mutant] = listMutants('a.ts', 'const a = 1;\nfunction b() {\n  return c ? 1 : 2;\n}');

    expect(mutant).toMatchObject({ file: 'a.ts', line: 3, within: 'b' });
  });

  it('change one place and leave the rest of the text', () => {
    const text = 'const a = allOf(b, c);\n// é → b\nif (a) d();';
    const texts = listMutants('a.ts', text).map((mutant) => mutate(text, mutant));

    expect(texts).toEqual([
      'const a = allOf(c);\n// é → b\nif (a) d();',
      'const a = allOf(b);\n// é → b\nif (a) d();',
      'const a = allOf(b, c);\n// é → b\nif (false) d();',
      'const a = allOf(b, c);\n// é → b\nif (true) d();',
    ]);
  });
});

describe('marks', () => {
  it('tell which mutants a run comes to, and change nothing else', () => {
    const text = 'first && second ? first : Math.max(second, 1)';
    const mutants = listMutants('a.ts', text);
    const marked = markPlaces(
      text,
      mutants.map((mutant, number) => [number, mutant]),
    );
    const run = (first: number, second: number) => {
      const reached = new Set<number>();
      Reflect.set(globalThis, markName, (...numbers: readonly number[]) => {
        for (const number of numbers) reached.add(number);
      });
      const result: unknown = new Function('first', 'second', `return ${marked}`)(first, second);
      Reflect.deleteProperty(globalThis, markName);
      return { result, changes: [...reached].map((number) => mutants[number]?.change) };
    };

    expect(run(2, 3).result).toBe(2);
    expect(run(2, 3).changes).not.toContain('without second');
    expect(run(0, 5).result).toBe(5);
    expect(run(0, 5).changes.toSorted()).toEqual(mutants.map(({ change }) => change).toSorted());
  });
});

describe('the tests that are related to a file', () => {
  it('are those that import it, by whatever way round', () => {
    const tests = ['test/mutation/mutants.test.ts', 'test/unit/broker/fence.test.ts'];

    expect(findRelatedTests(tests, ['test/mutation/syntax.ts'])).toEqual([tests[0]]);
    expect(findRelatedTests(tests, ['lib/broker/fence.ts'])).toEqual([tests[1]]);
    expect(findRelatedTests(tests, ['lib/time.ts'])).toEqual([tests[1]]);
  });

  it('are also those that import it as they run', () => {
    const test = 'test/functions/twin.test.ts';

    expect(findRelatedTests([test], ['functions/recover.ts'])).toEqual([test]);
  });
});

describe('the refresh path', () => {
  const files = listSources();
  const mutants = files.flatMap((file) =>
    listMutants(file, readFileSync(`${root}/${file}`, 'utf8')),
  );

  it('is read, with every condition of the store and every guard', () => {
    expect(files).toContain('lib/aws/connection-conditions.ts');
    expect(files).toContain('lib/broker/refresh-connection.ts');
    expect(mutants.length).toBeGreaterThan(1500);
  });

  it('still has each mutant that is listed as equivalent, and each with a reason', () => {
    expect(listStale(mutants, files)).toEqual([]);
    expect(equivalentMutants.filter(({ file }) => !files.includes(file))).toEqual([]);
    expect(equivalentMutants.filter(({ reason }) => reason.length < 20)).toEqual([]);
  });
});
