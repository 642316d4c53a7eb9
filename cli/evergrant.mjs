#!/usr/bin/env node
/**
 * The command `evergrant`. Plain JavaScript, so that a Node.js that cannot run what follows gets as
 * far as saying so.
 *
 * @module
 */
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `This needs Node.js 24 and is ${process.version}. Use npx evergrant or npm run evergrant --: ` +
      'they take the Node.js that npm install brought.',
  );
  process.exit(1);
}
await import('./evergrant.ts');
