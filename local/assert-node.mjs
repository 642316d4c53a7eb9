/**
 * Ends the process with one sentence on a Node.js that cannot run what follows. Plain JavaScript,
 * so that an older one gets as far as saying so: `node --import ./local/assert-node.mjs local/start.ts`.
 *
 * @module
 */
const [major] = process.versions.node.split('.');
if (Number(major) < 24) {
  console.error(
    `This needs Node.js 24 and is ${process.version}. Use npm start or npm run demo: ` +
      'they take the Node.js that npm install brought.',
  );
  process.exit(1);
}
