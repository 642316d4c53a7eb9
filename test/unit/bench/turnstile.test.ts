import { describe, expect, it } from 'vitest';
import { turnstile } from '../../../bench/stack/turnstile.ts';

describe('a turnstile', () => {
  it('lets so many through at once, the others in order, and one on after a failure', async () => {
    const inTurn = turnstile(2);
    const begun: string[] = [];
    const gates = new Map(
      ['a', 'b', 'c', 'd'].map((name) => [name, Promise.withResolvers<string>()]),
    );

    const results = [...gates].map(([name, { promise }]) =>
      inTurn(async () => {
        begun.push(name);
        return promise;
      }),
    );
    await Promise.resolve();
    expect(begun).toEqual(['a', 'b']);

    gates.get('b')?.reject(new Error('broken'));
    await expect(results[1]).rejects.toThrow('broken');
    for (const [name, { resolve }] of gates) resolve(name);

    expect(await Promise.all([results[0], results[2], results[3]])).toEqual(['a', 'c', 'd']);
    expect(begun).toEqual(['a', 'b', 'c', 'd']);
  });
});
