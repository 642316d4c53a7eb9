import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';

const functions = [
  'connect',
  'authorize',
  'callback',
  'connections',
  'refresh-due',
  'refresh',
  'recover',
  'revoke',
  'vend',
  'vend-http',
] as const;

/** The settings that `serverless.yml` gives each function. */
const declared: Readonly<Record<string, { readonly environment?: object }>> = parse(
  readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'),
  {
    merge: true,
    maxAliasCount: -1,
    logLevel: 'silent',
    customTags: [
      '!Ref',
      '!Sub',
      '!GetAtt',
      '!If',
      '!Not',
      '!Equals',
      '!Select',
      '!Split',
      '!Join',
      '!And',
      '!Or',
    ].map((tag) => ({ tag, resolve: (text: string) => text })),
  },
).functions;

const values: Readonly<Record<string, string>> = {
  PUBLIC_BASE_URL: 'https://evergrant.example.com',
  DUE_SHARDS: '8',
  LANES_PER_CLIENT: '8',
  PROVIDER_TIMEOUT_SECONDS: '10',
  STORE_WRITE_SECONDS: '5',
  LEASE_SECONDS: '60',
  REFRESH_PROVIDER_TIMEOUT_SECONDS: '45',
  REFRESH_TIMEOUT_SECONDS: '90',
  REFRESH_VISIBILITY_SECONDS: '120',
};

async function load(
  name: (typeof functions)[number],
  environment: Readonly<Record<string, string>>,
) {
  vi.resetModules();
  vi.stubEnv('AWS_REGION', 'us-east-1');
  for (const [variable, value] of Object.entries(environment)) vi.stubEnv(variable, value);
  try {
    return await import(`../../functions/${name}.ts`);
  } finally {
    vi.unstubAllEnvs();
  }
}

describe.each(functions)('the function %s', (name) => {
  const names = Object.keys(declared[name]?.environment ?? {});
  const environment = Object.fromEntries(
    names.map((variable) => [variable, values[variable] ?? 'a-value']),
  );

  it('starts with the settings that its deployment gives it, and no others', async () => {
    expect(await load(name, environment)).toHaveProperty('handler');
  });

  it('does not start without them, and names what is missing', async () => {
    await expect(load(name, {})).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });
});

it.each(['callback', 'connections', 'refresh', 'revoke'] as const)(
  'the function %s does not start with certificate verification off',
  async (name) => {
    const names = Object.keys(declared[name]?.environment ?? {});
    const environment = Object.fromEntries(names.map((each) => [each, values[each] ?? 'a-value']));

    const loaded = load(name, { ...environment, NODE_TLS_REJECT_UNAUTHORIZED: '0' });

    await expect(loaded).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      context: { problems: [expect.stringContaining('NODE_TLS_REJECT_UNAUTHORIZED')] },
    });
  },
);
