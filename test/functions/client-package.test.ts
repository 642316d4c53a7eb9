/** The package that others install, and what the README says of it, with real functions behind. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, loadFunctions } from '../support/functions.ts';
import {
  jsonReply,
  registrationAt,
  type ScriptedProvider,
  startScriptedProvider,
} from '../support/scripted-provider.ts';
import { startVendEndpoint, type VendEndpoint } from '../support/vend-endpoint.ts';

const root = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
const output = captureOutput();
/** What a project that uses the package has beside it. */
const besides = ['@aws-sdk', '@smithy', '@middy', '@types', 'undici-types'];
/** Without the AWS SDK. */
const mostBytes = 15_000;

let stack: FunctionStack;
let endpoint: VendEndpoint;
let api: ScriptedProvider;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  await installPackage();
  stack = await startFunctionStack();
  const functions = await loadFunctions(stack);
  endpoint = await startVendEndpoint(functions);
  api = await startScriptedProvider();
  api.answerWith(({ path, headers }) => jsonReply({ path, by: headers.authorization }));
  const registration = registrationAt(stack.provider.url);
  const overrides = { ...Object(registration.provider_overrides), api: { base_url: api.url } };
  await stack.register('hurma-acme', { ...registration, provider_overrides: overrides });
  const grant = { grant_type: 'password', username: 'ann', password: 'p' };
  await functions.put('hurma-acme/ann', grant);
});
afterAll(async () => {
  output.end();
  await Promise.all([endpoint.close(), api.close()]);
  await stack.close();
  rmSync(folder, { recursive: true, force: true });
});

const tarball = `evergrant-${packageJson.version}.tgz`;

/** As its user does: built, packed, and installed from the file, without any network. */
async function installPackage(): Promise<void> {
  const built = join(folder, 'built');
  await run(process.execPath, ['packaging/build-client.mjs', built], { cwd: root });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const quietly = ['--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['pack', built, ...quietly], { cwd: folder });
  await run('npm', ['install', '--offline', tarball, ...quietly], { cwd: folder });
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  for (const name of besides) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
}

/** Runs a program of the project and answers the JSON that it prints. */
async function runProgram(file: string, text: string): Promise<unknown> {
  writeFileSync(join(folder, file), text);
  const { stdout } = await run(process.execPath, [file], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_LAMBDA: endpoint.url,
      EVERGRANT_URL: endpoint.url,
    },
  });
  return JSON.parse(stdout);
}

const answerTo = (path: string) => ({ path, by: 'Bearer access-1' });

describe('the package', () => {
  it('has no dependency, and needs the AWS SDK only where it is used', () => {
    const manifest = JSON.parse(
      readFileSync(join(folder, 'node_modules/evergrant/package.json'), 'utf8'),
    );

    expect(manifest).toMatchObject({ name: 'evergrant', version: packageJson.version });
    expect(manifest).not.toHaveProperty('dependencies');
    expect(Object.keys(manifest.peerDependencies)).toEqual(
      Object.keys(manifest.peerDependenciesMeta),
    );
    expect(Object.keys(manifest.exports)).toEqual(Object.keys(packageJson.exports));
  });

  it('is imported by ES modules and required by CommonJS', async () => {
    const use = `const { connection } = evergrant({ functionName: 'evergrant-prod-vend' });
      connection('hurma-acme/ann').token().then((token) => console.log(JSON.stringify({
        token: token.reveal(), shown: String(token), isFunction: typeof evergrantOverHttp })));`;
    const expected = {
      token: 'access-1',
      shown: '[access token of hurma-acme/ann]',
      isFunction: 'function',
    };

    const asModule = runProgram(
      'use.mjs',
      `import { evergrant } from 'evergrant/client';
       import { evergrantOverHttp } from 'evergrant/client/http';\n${use}`,
    );
    const asCommonJs = runProgram(
      'use.cjs',
      `const { evergrant } = require('evergrant/client');
       const { evergrantOverHttp } = require('evergrant/client/http');\n${use}`,
    );

    expect(await asModule).toEqual(expected);
    expect(await asCommonJs).toEqual(expected);
  });

  it.each(['mjs', 'cjs'])('has one set of errors for both ways (%s)', async (format) => {
    const load = (name: string) =>
      format === 'mjs' ? `await import('${name}')` : `require('${name}')`;

    const same = await runProgram(
      `errors.${format}`,
      `const direct = ${load('evergrant/client')};
       const http = ${load('evergrant/client/http')};
       console.log(direct.AccessDenied === http.AccessDenied);`,
    );

    expect(same).toBe(true);
  });

  it('is typed, for ES modules and CommonJS alike', async () => {
    const files = ['typed.mts', 'typed.cts'];
    for (const file of files) writeFileSync(join(folder, file), typed);
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--types', 'node'];
    const args = [compiler, ...files, ...options, '--ignoreConfig'];

    const compiled = run(process.execPath, args, { cwd: folder }).catch(
      ({ stdout }: { readonly stdout: string }) => ({ stdout }),
    );

    expect(await compiled).toMatchObject({ stdout: '' });
  });

  it.each(['evergrant/client', 'evergrant/client/http'])(
    'is small: %s without the AWS SDK',
    async (entry) => {
      const { outputFiles } = await build({
        stdin: { contents: `export * from '${entry}';`, resolveDir: folder },
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        external: ['@aws-sdk/*', '@smithy/*'],
        write: false,
      });

      const bytes = outputFiles[0]?.contents.length;

      expect(bytes).toBeGreaterThan(5000);
      expect(bytes).toBeLessThan(mostBytes);
    },
  );
});

/** Everything that has a type, used as it is meant, and once as it is not. */
const typed = `
import { type Connection, evergrant, ReauthorizationRequired } from 'evergrant/client';
import { evergrantOverHttp } from 'evergrant/client/http';

const broker = evergrant({ functionName: 'f', minTtlSeconds: 60 });
const hurma: Connection = broker.connection('hurma-acme/ann', { apiBaseUrl: 'https://a.example' });
export async function use(): Promise<string | number> {
  try {
    const response = await hurma.fetch('/users', { method: 'POST', body: '{}' });
    const token = await hurma.token({ minTtlSeconds: 300 });
    // @ts-expect-error A token is no text.
    const text: string = token;
    return token.reveal() + text + response.status + token.values.instance;
  } catch (error) {
    if (error instanceof ReauthorizationRequired) return error.since;
    throw error;
  }
}
evergrantOverHttp({
  baseUrl: 'https://oauth.example',
  region: 'eu-central-1',
  credentials: async () => ({ accessKeyId: 'a', secretAccessKey: 'b' }),
});
const middleware = broker.accessTokens({ crm: 'crm/ann' });
export const id = (context: Parameters<typeof middleware.before>[0]['context']) => context.crm.name;
`;

describe('the README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const section = readme.split(/^### /m).find((part) => part.startsWith('The client for')) ?? '';
  const examples = [...section.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);
  const [byInvocation = '', withMiddy = '', overHttp = ''] = examples;

  it('names the file that packing writes', () => {
    expect(section).toContain(`\`${tarball}\``);
    expect(examples).toHaveLength(3);
  });

  it('shows a handler that calls an API', async () => {
    const call = `${byInvocation}\nconsole.log(JSON.stringify(await handler()));`;

    expect(await runProgram('handler.mjs', call)).toEqual(answerTo('/users'));
  });

  it('shows a handler of middy', async () => {
    const call = `${withMiddy}\nconsole.log(JSON.stringify(await handler({ id: 7 }, {})));`;

    expect(await runProgram('middy.mjs', call)).toEqual(answerTo('/users/7'));
  });

  it('shows a program outside Lambda', async () => {
    const printed = overHttp
      .replace('console.log(', 'console.log(JSON.stringify(')
      .replace(/\);\n$/, '));\n');

    expect(await runProgram('outside.mjs', printed)).toEqual(answerTo('/users'));
  });
});
