import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it('walks every documented grant of all four providers', { timeout: 600_000 }, async () => {
  const { stdout } = await run(process.execPath, ['local/demo/demo.ts']);

  for (const [provider, grant] of [
    ['HURMA', 'authorization_code'],
    ['HURMA', 'password'],
    ['Hurdlr', 'authorization_code'],
    ['Hurdlr', 'client_credentials'],
    ['Humanity', 'password'],
    ['HyperSKU', 'authorization_code'],
  ]) {
    expect(stdout).toMatch(new RegExp(`^${provider} +${grant} +disconnect +204, then 404`, 'm'));
  }
  expect(stdout).toMatch(/^\d+ steps ok, 0 failed/m);
});
