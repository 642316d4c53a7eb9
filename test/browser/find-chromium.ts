import { delimiter, join } from 'node:path';

/** What is known of the machine. */
export interface Machine {
  readonly platform: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether there is a file that may be run. */
  readonly isProgram: (path: string) => boolean;
}

const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
];

/** Where installers put a browser that is not in the search path. */
const usualPlaces: Readonly<Record<string, readonly string[]>> = {
  linux: ['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((folder) =>
    names.map((name) => `${folder}/${name}`),
  ),
  darwin: ['Chromium', 'Google Chrome', 'Microsoft Edge'].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  ),
  win32: [
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
  ],
};

/**
 * The browser to test with: the one that `CHROMIUM_PATH` names, one in the search path, or one in
 * the usual places.
 *
 * @throws {Error} saying what is missing and how to get it.
 */
export function findChromium({ platform, environment, isProgram }: Machine): string {
  const { CHROMIUM_PATH: named, PATH: searched = '' } = environment;
  if (named) {
    if (isProgram(named)) return named;
    throw new Error(`CHROMIUM_PATH names no program that may be run: ${named}`);
  }
  const inPath = searched
    .split(delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  const found = [...inPath, ...(usualPlaces[platform] ?? [])].find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    'The browser tests need Chromium, and none was found. On Debian and Ubuntu, ' +
      '"apt-get install chromium" brings it; elsewhere any Chromium, Chrome or Edge will do. ' +
      'Where it lies in an unusual place, set CHROMIUM_PATH to its program.',
  );
}
