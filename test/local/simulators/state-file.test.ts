import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aHumanity } from './a-humanity.ts';
import { aMovableClock } from './a-simulator.ts';

describe('the state file', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('carries tokens and settings over a restart', async () => {
    const options = { stateFile: join(folder, 'humanity.json'), clock: aMovableClock() };
    const before = await aHumanity(options);
    await before.control('settings', { access_token_seconds: 900 });
    const { access, refresh: token } = await before.connect();
    await before.close();

    const after = await aHumanity(options);

    expect(await after.lives(access)).toBe(true);
    expect((await after.refresh(token)).status).toBe(200);
    expect((await after.send('/_control/settings')).body.access_token_seconds).toBe(900);
    await after.close();
  });

  it('does not keep what ended long ago', async () => {
    const options = { stateFile: join(folder, 'humanity.json'), clock: aMovableClock() };
    const server = await aHumanity(options);
    const { access } = await server.connect();
    options.clock.advance(60 * 86_400);

    await server.connect();

    expect(readFileSync(options.stateFile, 'utf8')).not.toContain(access);
    await server.close();
  });
});
