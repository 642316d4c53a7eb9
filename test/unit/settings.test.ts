import { expect, it } from 'vitest';
import { readSettings } from '../../lib/settings.ts';

it('reads what a function names, and nothing else', () => {
  const environment = { STAGE: 'dev', TOKENS_TABLE: 'tokens', DUE_SHARDS: 'nonsense' };

  expect(readSettings(environment, 'STAGE', 'TOKENS_TABLE')).toEqual({
    STAGE: 'dev',
    TOKENS_TABLE: 'tokens',
  });
});

it('has no default: what is missing is named', () => {
  expect(() => readSettings({}, 'STAGE', 'DUE_SHARDS', 'PUBLIC_BASE_URL')).toThrow(
    expect.objectContaining({
      code: 'CONFIGURATION_INVALID',
      context: {
        problems: [
          expect.stringContaining('STAGE'),
          expect.stringContaining('DUE_SHARDS'),
          expect.stringContaining('PUBLIC_BASE_URL'),
        ],
      },
    }),
  );
});

it('serves nobody when VEND_ALLOW is not set', () => {
  expect(readSettings({}, 'VEND_ALLOW')).toEqual({ VEND_ALLOW: [] });
});

it.each([
  ['DUE_SHARDS', '1024', '1025'],
  ['LANES_PER_CLIENT', '100', '101'],
  ['PROVIDER_TIMEOUT_SECONDS', '25', '26'],
  ['STORE_WRITE_SECONDS', '60', '61'],
  ['LEASE_SECONDS', '840', '841'],
] as const)('keeps %s at most %s', (name, most, tooMuch) => {
  expect(readSettings({ [name]: most }, name)).toEqual({ [name]: Number(most) });
  expect(() => readSettings({ [name]: tooMuch }, name)).toThrow();
});
