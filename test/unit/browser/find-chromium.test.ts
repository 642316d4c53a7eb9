import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findChromium, type Machine } from '../../browser/find-chromium.ts';

const folders = [join('first', 'bin'), join('second', 'bin')];

const aMachine = (programs: readonly string[], overrides: Partial<Machine> = {}): Machine => ({
  platform: 'linux',
  environment: { PATH: folders.join(delimiter) },
  isProgram: (path) => programs.includes(path),
  ...overrides,
});

describe('the browser to test with', () => {
  it('is the one that CHROMIUM_PATH names, before any other', () => {
    const environment = { CHROMIUM_PATH: 'mine', PATH: folders.join(delimiter) };
    const programs = ['mine', '/usr/bin/chromium'];

    expect(findChromium(aMachine(programs, { environment }))).toBe('mine');
  });

  it('is one in the search path, before the usual places', () => {
    const second = join('second', 'bin', 'google-chrome');

    expect(findChromium(aMachine([second, '/usr/bin/chromium']))).toBe(second);
  });

  it.each([
    ['linux', '/usr/bin/chromium'],
    ['linux', '/snap/bin/chromium'],
    ['darwin', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
    ['win32', 'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'],
  ])('on %s is found as %s', (platform, program) => {
    expect(findChromium(aMachine([program], { platform, environment: {} }))).toBe(program);
  });

  it('that is not there is told with the way to get it', () => {
    expect(() => findChromium(aMachine([]))).toThrow('apt-get install chromium');
    expect(() => findChromium(aMachine([], { platform: 'aix' }))).toThrow('CHROMIUM_PATH');
  });

  it('that CHROMIUM_PATH names and is not there is no other', () => {
    const environment = { CHROMIUM_PATH: 'gone' };

    expect(() => findChromium(aMachine(['/usr/bin/chromium'], { environment }))).toThrow(
      'CHROMIUM_PATH names no program that may be run: gone',
    );
  });
});
