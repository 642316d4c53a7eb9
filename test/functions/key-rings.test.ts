/** The guide's ways out when a ring is rotated, lost or leaked, with the command and the functions. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../cli/program.ts';
import { systemClock } from '../../lib/time.ts';
import { aKey } from '../support/connections.ts';
import { type FunctionStack, startFunctionStack } from '../support/function-stack.ts';
import { captureOutput, type Functions, loadFunctions } from '../support/functions.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { registrationAt, tokenReply } from '../support/scripted-provider.ts';

const minutes = (count: number) => count * 60;
const days = (count: number) => count * 24 * 3600;
const output = captureOutput();
let stack: FunctionStack;
let functions: Functions;
let secrets: SecretsManagerClient;
let folder: string;
let issued = 0;

beforeAll(async () => {
  stack = await startFunctionStack();
  await stack.register('acme', registrationAt(stack.provider.url));
  functions = await loadFunctions(stack);
  const { servers } = stack;
  secrets = new SecretsManagerClient({ endpoint: servers.secrets.url, ...localCredentials });
  stack.provider.answerWith(() => {
    issued += 1;
    return tokenReply({ access_token: `access-${issued}`, refresh_token: `refresh-${issued}` });
  });
  folder = mkdtempSync(join(tmpdir(), 'evergrant-keys-'));
  const addresses = {
    region: 'us-east-1',
    api: 'http://127.0.0.1:1',
    lambda: servers.lambda.url,
    dynamodb: servers.dynamodb.url,
    secrets_manager: servers.secrets.url,
    sqs: servers.sqs.url,
  };
  writeFileSync(join(folder, 'local.json'), JSON.stringify(addresses));
  for (const name of ['ann', 'bob', 'cay']) {
    const login = { grant_type: 'password', username: name, password: 'correct-horse' };
    await functions.put(`acme/${name}`, { ...login, retain_credentials: true });
  }
});
afterAll(async () => {
  output.end();
  secrets.destroy();
  rmSync(folder, { recursive: true });
  await stack.close();
});

/** Runs the command, its clock so many seconds ahead. */
async function run(line: string, aheadSeconds = 0) {
  const texts = { output: '', notes: '' };
  const collect = (name: keyof typeof texts) =>
    new PassThrough().on('data', (chunk) => {
      texts[name] += String(chunk);
    });
  const code = await runProgram(['--stage', 'local', '--json', ...line.split(' ')], {
    environment: { EVERGRANT_STATE_DIR: folder },
    input: new PassThrough(),
    output: collect('output'),
    notes: collect('notes'),
    interruption: new AbortController().signal,
    clock: { ...systemClock, now: () => (systemClock.now() + aheadSeconds) as never },
  });
  return { code, notes: texts.notes, message: JSON.parse(texts.output) };
}

/** The keys that everything is sealed with. */
async function keyIdsInUse(): Promise<ReadonlySet<unknown>> {
  const rows = [...(await stack.rows('connections')), ...(await stack.rows('tokens'))];
  const sealed = rows.flatMap((row) => row.sealed_credential?.S ?? row.sealed?.S ?? []);
  return new Set(sealed.map((text) => decodeProtectedHeader(text).kid));
}

const vended = async (name: string) =>
  (await functions.vend({ client: 'acme', connection: name })) as Record<string, unknown>;

/** How a refresh of a connection that is due ends, asked as `vend` does. */
async function refreshed(name: string): Promise<unknown> {
  await stack.makeDue(aKey(name));
  const { outcome } = (await functions.refresh({ client: 'acme', connection: name })) as {
    readonly outcome: unknown;
  };
  return outcome;
}

async function ringText(ring: string): Promise<string> {
  const SecretId = `evergrant/local/keys/${ring}`;
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId }));
  return SecretString;
}

describe('a ring', () => {
  it('is rotated, everything resealed and the former key retired, while tokens are vended', async () => {
    const before = await vended('ann');
    expect(await keyIdsInUse()).toEqual(new Set(['k1']));

    for (const ring of ['access-token', 'renewal']) {
      const rotated = await run(`keys rotate ${ring}`);
      expect(rotated.message).toEqual({ ring, current: 'k2', former: 'k1' });
    }
    expect(await refreshed('bob')).toBe('refreshed');

    const early = await run('keys reseal');
    expect(early.code).toBe(0);
    expect(early.message).toMatchObject({ outcome: 'finished', seen: 3, unopened: 0 });
    expect(early.message).toMatchObject({ proven: false, missing: [{ what: 'time' }] });
    expect(await keyIdsInUse()).toEqual(new Set(['k2']));
    expect((await vended('ann')).access_token).toBe(before.access_token);
    expect(await refreshed('cay')).toBe('refreshed');

    const proving = await run('keys reseal', minutes(30));
    expect(proving.message).toMatchObject({ proven: true, missing: [] });
    const { message: refusal, code } = await run('keys retire renewal k1', days(35));
    expect([refusal.error, code]).toEqual(['too_early', 7]);
    for (const ring of ['access-token', 'renewal']) {
      const retired = await run(`keys retire ${ring} k1`, days(36));
      expect(retired.message).toEqual({ ring, retired: 'k1' });
      expect(Object.keys(JSON.parse(await ringText(ring)))).toEqual(['current', 'k2']);
    }

    const shown = await run('keys show');
    expect(shown.message.keys).toMatchObject([
      { ring: 'access-token', key: 'k2', current: true, created_at: expect.any(Number) },
      { ring: 'renewal', key: 'k2', current: true, created_at: expect.any(Number) },
    ]);
    expect(await refreshed('ann')).toBe('refreshed');
  });

  it('that was overwritten is found out, and its last good version put back', async () => {
    const SecretId = 'evergrant/local/keys/renewal';
    const good = await ringText('renewal');
    await stack.putSecret('keys/renewal', { current: 'k9', k9: '9'.repeat(64) });

    const lost = await run('keys reseal --anew', minutes(30));
    expect(lost.code).toBe(3);
    expect(lost.message).toMatchObject({ unopened: 3, missing: [{ what: 'values' }] });
    expect(lost.notes).toContain('"connection":"acme/ann"');
    expect(lost.notes).toContain('"reason":"unknown_key"');

    const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId }));
    const versionAt = (label: string) =>
      Versions.find(({ VersionStages }) => VersionStages?.includes(label))?.VersionId;
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: versionAt('AWSPREVIOUS'),
        RemoveFromVersionId: versionAt('AWSCURRENT'),
      }),
    );

    expect(await ringText('renewal')).toBe(good);
    const found = await run('keys reseal --anew', minutes(30));
    expect(found.message).toMatchObject({ proven: true, unopened: 0 });
    expect(await refreshed('bob')).toBe('refreshed');
  });

  it('that has leaked is rotated, and the leaked key retired without waiting for backups', async () => {
    await run('keys rotate access-token');

    const atOnce = await run('keys retire access-token k2 --despite-backups');
    expect([atOnce.message.error, atOnce.code]).toEqual(['in_use', 7]);
    const later = await run('keys retire access-token k2 --despite-backups', minutes(30));

    expect(later.message).toEqual({ ring: 'access-token', retired: 'k2' });
    expect((await vended('cay')).access_token).toMatch(/^access-/);
    expect(await refreshed('cay')).toBe('refreshed');
  });
});
