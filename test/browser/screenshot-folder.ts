import { fileURLToPath } from 'node:url';

/** Where a run leaves its screenshots. Not under version control. */
export const screenshotFolder = fileURLToPath(
  new URL('../../test-results/browser', import.meta.url),
);
