import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { runEvergrant } from '../support/evergrant.ts';

const root = join(import.meta.dirname, '../..');

it('is the program that the package names', async () => {
  const { stdout } = await promisify(execFile)(join(root, packageJson.bin.evergrant), [
    'providers',
    'list',
    '--json',
  ]);

  expect(JSON.parse(stdout).providers.map(({ name }: { name: string }) => name)).toContain('hurma');
});

it('says where it works, in an installation that has the client only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'evergrant-installed-'));
  const program = join(folder, 'evergrant.mjs');
  copyFileSync(join(root, packageJson.bin.evergrant), program);

  const { status, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });

  expect(status).toBe(1);
  expect(stderr).toMatch(/^The command comes with a checkout of the project: .*\n$/);
});

it('says its help on standard output, and is done', async () => {
  const { code, output, notes } = await runEvergrant('--help');

  expect({ code, notes }).toEqual({ code: 0, notes: '' });
  for (const group of ['clients', 'providers', 'connect', 'connections', 'vend', 'doctor']) {
    expect(output).toMatch(new RegExp(`^ {2}${group}\\b`, 'm'));
  }
});

it.each([
  ['nothing', ''],
  ['a group without a command', 'connections'],
  ['an unknown command', 'connections lost'],
  ['an unknown option', 'providers list --loud'],
  ['a missing operand', 'connections show --stage prod'],
  ['one operand too many', 'connections show a/b c --stage prod'],
  ['an address that is none', 'vend hurma-acme --stage prod'],
  ['an address in three parts', 'vend a/b/c --stage prod'],
  ['a name that is not well formed', 'clients show Acme --stage prod'],
  ['no stage', 'connections show a/b'],
  ['a stage that is none', 'connections show a/b --stage ../prod'],
  ['a state that is none', 'connections list a --state lost --stage prod'],
  ['a number that is none', 'vend a/b --max-wait soon --stage prod'],
  ['a number out of range', 'vend a/b --max-wait 26 --stage prod'],
  ['a param without a value', 'connect a/b --param userId --stage prod'],
  ['both one and all', 'connections revoke a/b --client a --stage prod'],
  ['neither one nor all', 'connections revoke --stage prod'],
])('ends with 2 and nothing on standard output: %s', async (_, line) => {
  const given = line === '' ? [] : line.split(' ');

  const { code, output, notes } = await runEvergrant(given);

  expect({ code, output }).toEqual({ code: 2, output: '' });
  expect(notes).toMatch(/^(usage|request_invalid): ./m);
});

it('says a mistake as JSON where JSON was asked for, wherever the option stands', async () => {
  for (const line of ['--json connections lost', 'vend nobody --json --stage prod']) {
    const { code, json } = await runEvergrant(line);

    expect(code).toBe(2);
    expect(json()).toEqual({ error: 'usage', error_description: expect.any(String) });
  }
});

it('takes the stage from the environment', async () => {
  const { code, notes } = await runEvergrant('clients list', {
    environment: { EVERGRANT_STAGE: 'local', EVERGRANT_STATE_DIR: '/nowhere' },
  });

  expect(code).toBe(7);
  expect(notes).toMatch(/^not_running: .*npm start/);
});

it('never takes the stage local for one in an account', async () => {
  const { code } = await runEvergrant('clients list --stage local --region eu-central-1', {
    environment: { EVERGRANT_STATE_DIR: '/nowhere' },
  });

  expect(code).toBe(7);
});
