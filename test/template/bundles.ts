import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Packaged } from './package-service.ts';
import { type FunctionName, functionNames, lambdaFunction } from './resources.ts';

/** What only one AWS client has in its code. */
const marks = {
  dynamodb: 'com.amazonaws.dynamodb',
  lambda: 'com.amazonaws.lambda',
  eventBridge: 'com.amazonaws.eventbridge',
  secretsManager: 'com.amazonaws.secretsmanager',
  sqs: 'com.amazonaws.sqs',
} as const;

type AwsClient = keyof typeof marks;

const clients: Readonly<Record<FunctionName, readonly AwsClient[]>> = {
  authorize: ['dynamodb'],
  callback: ['dynamodb', 'secretsManager'],
  connect: ['dynamodb', 'secretsManager'],
  connections: ['dynamodb', 'secretsManager', 'sqs'],
  'publish-events': ['eventBridge', 'sqs'],
  recover: ['dynamodb'],
  refresh: ['dynamodb', 'secretsManager', 'sqs'],
  'refresh-due': ['dynamodb', 'sqs'],
  revoke: ['secretsManager'],
  vend: ['dynamodb', 'lambda', 'secretsManager'],
  'vend-http': ['dynamodb', 'lambda', 'secretsManager'],
};

/** What only the library that speaks OAuth has in its code. */
const oauthMark = 'OAUTH_INVALID_RESPONSE';

const mostZipBytes = 400_000;
const mostVendZipBytes = 250_000;

/** What is uploaded for each function. */
export function describeBundles(packaged: Packaged): void {
  const bundleOf = (name: FunctionName) =>
    packaged.zips.get(name)?.files.get(`functions/${name}.cjs`) ?? '';

  describe('the bundles', () => {
    it.each(functionNames)(
      '%s holds its own code, without a source map, and nothing else',
      (name) => {
        const zip = packaged.zips.get(name);

        expect([...(zip?.files.keys() ?? [])]).toEqual([`functions/${name}.cjs`]);
        expect(bundleOf(name).includes('sourceMappingURL')).toBe(false);
        expect(zip?.bytes).toBeLessThan(name.startsWith('vend') ? mostVendZipBytes : mostZipBytes);
      },
    );

    it.each(functionNames)('%s holds the AWS clients that it uses, and no other', (name) => {
      const bundle = bundleOf(name);

      const found = Object.entries(marks).filter(([, mark]) => bundle.includes(mark));

      expect(found.map(([client]) => client)).toEqual(clients[name]);
    });

    it.each(functionNames)('%s does not know the local access policy', (name) => {
      expect(bundleOf(name).includes('arn:aws:iam::000000000000:')).toBe(false);
    });

    it.each(['vend', 'vend-http'] as const)(
      '%s knows no provider, and cannot talk to one',
      (name) => {
        const providers = /hurma\.work|humanity\.com|hurdlr\.com|hypersku\.com/;

        expect(providers.test(bundleOf(name))).toBe(false);
        expect(bundleOf(name).includes(oauthMark)).toBe(false);
        expect(bundleOf('refresh').includes(oauthMark)).toBe(true);
      },
    );

    it.each(functionNames)('%s starts with the settings of the template', (name) => {
      const { exitCode, output } = load(bundleOf(name), readEnvironment(packaged, name));

      expect({ exitCode, output }).toEqual({ exitCode: 0, output: 'function' });
    });

    it.each(functionNames)('%s names each setting that it cannot start without', (name) => {
      const { exitCode, output } = load(bundleOf(name), {});

      const needed = Object.keys(readEnvironment(packaged, name)).filter((key) => !isOptional(key));
      expect(exitCode).toBe(1);
      expect(needed.filter((setting) => !output.includes(setting))).toEqual([]);
    });
  });
}

/** Powertools has defaults for its own; without a list of hosts none may have private addresses. */
function isOptional(setting: string): boolean {
  return setting.startsWith('POWERTOOLS_') || setting === 'ALLOWED_PROVIDER_HOSTS';
}

/** Settings as the function sees them; an address stands for what only a deployment knows. */
function readEnvironment(packaged: Packaged, name: FunctionName): Readonly<Record<string, string>> {
  const { Environment } = lambdaFunction(packaged, name).Properties;
  const { Variables } = Environment as { readonly Variables: Readonly<Record<string, unknown>> };
  return Object.fromEntries(
    Object.entries(Variables).map(([setting, value]) => [
      setting,
      typeof value === 'string' ? value : 'https://api.example.com',
    ]),
  );
}

/** Loads a bundle as Lambda does, and prints what its handler is. */
function load(bundle: string, environment: Readonly<Record<string, string>>) {
  const script = `${bundle}\n;process.stdout.write(typeof module.exports.handler);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=commonjs', '-'], {
    input: script,
    env: { AWS_REGION: 'eu-central-1', ...environment },
    encoding: 'utf8',
  });
  // Node shows the line that threw, and a bundle is one line; what was thrown comes last.
  return { exitCode: status, output: stdout + stderr.slice(-4000) };
}
