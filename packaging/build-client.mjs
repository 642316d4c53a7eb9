/**
 * Builds `evergrant/client` into dist/client, a package of its own: JavaScript as ES modules and as
 * CommonJS with their types, and nothing of the rest of this project.
 *
 * Plain JavaScript, and for older releases of Node.js too: npm runs it with whichever it finds.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const compiler = join(root, 'node_modules/typescript/bin/tsc');

/** What each format has otherwise than tsconfig.client.json says. */
const formats = {
  esm: [],
  cjs: ['--module', 'commonjs', '--moduleResolution', 'bundler', '--verbatimModuleSyntax', 'false'],
};

/**
 * The package's own package.json: the project's, without what only the functions need. Whoever
 * vends by invocation has the Lambda client, and whoever vends over HTTP the signer.
 */
function buildManifest({ name, version, license, engines, exports }) {
  const inPackage = JSON.stringify(exports).replaceAll('./dist/client/', './');
  return {
    name,
    version,
    description: 'Access tokens of Evergrant, for other Lambda functions',
    license,
    type: 'module',
    engines,
    exports: JSON.parse(inPackage),
    sideEffects: false,
    peerDependencies: { '@aws-sdk/client-lambda': '^3.600.0', '@smithy/signature-v4': '^5.0.0' },
    peerDependenciesMeta: {
      '@aws-sdk/client-lambda': { optional: true },
      '@smithy/signature-v4': { optional: true },
    },
  };
}

function writeJson(file, content) {
  writeFileSync(file, `${JSON.stringify(content, undefined, 2)}\n`);
}

/** The compiler writes the sources' names into declarations, which not every reader of them follows. */
function nameOutputs(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace(/(from '\.[^']*)\.ts'/g, "$1.js'"));
  }
}

function build(folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const [format, options] of Object.entries(formats)) {
    const outDir = ['--outDir', join(folder, format)];
    const args = [compiler, '--project', 'tsconfig.client.json', ...outDir, ...options];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
  nameOutputs(folder);
  writeJson(join(folder, 'cjs/package.json'), { type: 'commonjs' });
  const project = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeJson(join(folder, 'package.json'), buildManifest(project));
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
}

// npm builds it after every installation, and one without the tools for development needs none.
if (existsSync(compiler)) build(resolve(root, process.argv[2] ?? 'dist/client'));
else console.log('evergrant/client is not built: TypeScript is not installed');
