import { join } from 'node:path';
import { buildEntries, readService, type Service } from '../stack/service.ts';
import { floorEntries, withFloors } from './floors.ts';
import type { BundleContents, PerformanceBuild } from './measure.ts';

/** Bundles every function, and what they are measured beside, by the settings that package them. */
export async function buildFunctions(folder: string): Promise<PerformanceBuild> {
  const service: Service = await readService();
  const keys = Object.keys(service.functions);
  const entries = Object.fromEntries(keys.map((key) => [key, `functions/${key}.ts`]));
  const { outputs } = await buildEntries(service, { ...entries, ...floorEntries }, folder);
  const all = [...keys, ...Object.keys(floorEntries)];
  const contents = all.map((key): [string, BundleContents] => {
    const [, output] = Object.entries(outputs).find(([path]) => path.endsWith(`/${key}.cjs`)) ?? [];
    if (!output) throw new Error(`${key} was not built`);
    const modules = Object.entries(output.inputs).map(
      ([path, { bytesInOutput }]): [string, number] => [path, bytesInOutput],
    );
    return [key, { bytes: output.bytes, modules: new Map(modules) }];
  });
  return {
    folder,
    service: withFloors(service),
    bundles: new Map(all.map((key) => [key, join(folder, `${key}.cjs`)])),
    contents: new Map(contents),
  };
}
