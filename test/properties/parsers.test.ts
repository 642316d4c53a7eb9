/** Each parser of untrusted input, tried with some inputs; `npm run fuzz` tries as many as one likes. */
import { expect, it } from 'vitest';
import { parserProperties } from './parser-properties.ts';

it.each(parserProperties)('$name: reads it or refuses it, whatever it is', async (property) => {
  const { tried, read, failure } = await property.attempt({ numRuns: 200 });

  expect(failure).toBeUndefined();
  // Inputs of only one kind would prove little.
  expect(read).toBeGreaterThan(0);
  expect(read).toBeLessThan(tried);
});

it('each has a name of its own, which the long runs go by', () => {
  const names = parserProperties.map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
});
