import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import {
  assertPortsFree,
  buildPorts,
  findFreePortBase,
  readPortBase,
} from '../../../local/ports.ts';

test('the port base is 3000 unless set', () => {
  expect(readPortBase(undefined)).toBe(3000);
  expect(readPortBase('')).toBe(3000);
  expect(readPortBase('4100')).toBe(4100);
});

test.each(['80', '65535', '3000.5', 'x'])('refuses %s as a port base', (text) => {
  expect(() => readPortBase(text)).toThrow('EVERGRANT_PORT_BASE');
});

test('twelve ports follow one another from the base', () => {
  const ports = buildPorts(3000);

  expect(Object.values(ports)).toEqual(Array.from({ length: 12 }, (_, offset) => 3000 + offset));
  expect(ports).toMatchObject({
    api: 3000,
    lambda: 3002,
    playground: 3006,
    hypersku: 3010,
    eventBridge: 3011,
  });
});

test('a port in use is named, with the setting that moves them all', async () => {
  const base = await findFreePortBase();
  await expect(assertPortsFree(base)).resolves.toBeUndefined();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(base + 4, '127.0.0.1', resolve));

  const asserting = assertPortsFree(base);

  await expect(asserting).rejects.toThrow(
    new RegExp(`^port ${base + 4} is in use; .*EVERGRANT_PORT_BASE \\(now ${base}\\)`),
  );
  await new Promise((resolve) => other.close(resolve));
});
