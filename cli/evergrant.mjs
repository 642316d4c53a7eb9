#!/usr/bin/env node
/**
 * The command `evergrant`. Plain JavaScript, so that a Node.js that cannot run what follows gets as
 * far as saying so.
 *
 * @module
 */
import { existsSync } from 'node:fs';

// An installation from the repository has the client for other functions, and of the command this file.
if (!existsSync(new URL('./evergrant.ts', import.meta.url))) {
  console.error(
    'The command comes with a checkout of the project: run npx evergrant in its folder.',
  );
  process.exit(1);
}
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `This needs Node.js 24 and is ${process.version}. Use npx evergrant or npm run evergrant --: ` +
      'they take the Node.js that npm install brought.',
  );
  process.exit(1);
}
await import('./evergrant.ts');
