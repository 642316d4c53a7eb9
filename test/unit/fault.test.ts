import { expect, it } from 'vitest';
import { Fault, isFault } from '../../lib/fault.ts';

it('says what happened and what to do', () => {
  const fault = new Fault('UNKNOWN_CLIENT', { client: 'acme' });

  expect(fault).toBeInstanceOf(Error);
  expect(fault.name).toBe('Fault');
  expect(fault.message).toMatch(/^there is no registration of this name; put one/);
});

it('carries its code and context, and no cause', () => {
  const fault = new Fault('SLOW_DOWN', { retryAfterSeconds: 7 });

  expect(fault).toMatchObject({ code: 'SLOW_DOWN', context: { retryAfterSeconds: 7 } });
  expect(fault).not.toHaveProperty('cause');
});

it('is told from other errors', () => {
  expect(isFault(new Fault('SLOW_DOWN', { retryAfterSeconds: 7 }))).toBe(true);
  expect(isFault(Object.assign(new Error(), { code: 'SLOW_DOWN', context: {} }))).toBe(false);
  expect(isFault(undefined)).toBe(false);
});
