import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './scope.ts';

/** Those of the tests that import one of these files, by whatever way round. */
export function findRelatedTests(
  tests: readonly string[],
  files: readonly string[],
): readonly string[] {
  const importsOf = new Map<string, readonly string[]>();
  const readImports = (file: string): readonly string[] => {
    const imports = importsOf.get(file) ?? listImports(file);
    importsOf.set(file, imports);
    return imports;
  };
  return tests.filter((test) => {
    const reached = new Set([test]);
    // A set goes on with what is added to it on the way.
    for (const file of reached) for (const each of readImports(file)) reached.add(each);
    return files.some((file) => reached.has(file));
  });
}

/** What a file of ours imports of ours when it runs: not for types alone. */
function listImports(file: string): readonly string[] {
  const text = readFileSync(`${root}/${file}`, 'utf8');
  const statements = text.matchAll(
    /(?:^(?:import|export)\s(?!type\s)[^;'"]*?from\s+|\bimport\()'(\.[^']+\.ts)'/gm,
  );
  return [...statements].map(([, specifier = '']) => join(dirname(file), specifier));
}
