/**
 * What the functions are measured beside.
 *
 * @module
 */
import type { FunctionSettings, Service } from '../stack/service.ts';

/** Their entry points, by key. */
export const floorEntries = {
  'empty-handler': 'bench/performance/empty-handler.ts',
  'bare-get-item': 'bench/performance/bare-get-item.ts',
} as const;

/** The service with them among its functions: they run with the settings of `vend`. */
export function withFloors(service: Service): Service {
  const { vend } = service.functions;
  if (!vend) throw new Error('there is no function vend');
  const floors = Object.keys(floorEntries).map((key): [string, FunctionSettings] => [
    key,
    { ...vend, name: `evergrant-local-${key}` },
  ]);
  return { ...service, functions: { ...service.functions, ...Object.fromEntries(floors) } };
}
