/**
 * What it takes to tell a history step by step.
 *
 * @module
 */
import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection } from '../../lib/broker/ports.ts';
import { keyText } from '../../lib/names.ts';
import type { Functions } from './functions.ts';
import { type History, type Plot, runHistory, swallow } from './history.ts';
import type { ProviderSettings, RotationClass } from './provider-model.ts';
import { calm, type Weather } from './weather.ts';
import type { World, WorldSettings } from './world.ts';

/** A provider of one connection, whose token lives ten minutes. */
export const aProvider = (
  rotationClass: RotationClass,
  overrides: Partial<ProviderSettings> & { readonly connections?: number } = {},
) => ({
  rotationClass,
  graceSeconds: 900,
  lifetimeSeconds: 600,
  endsGrantOnReuse: true,
  connections: 1,
  ...overrides,
});

/** Runs a history of two machines that agree on the time. */
export const tell = (plot: Plot, settings: Partial<WorldSettings> = {}): Promise<History> =>
  runHistory(
    { seed: 1, machines: 2, skewSeconds: 0, providers: [aProvider('strict')], ...settings },
    plot,
  );

/** As soon as the provider has answered, this store does not. */
export function downOnceAnswered(
  { conditions, random }: World,
  down: 'connections' | 'tokens',
): Weather {
  return {
    ...calm(random),
    conduct: () => {
      conditions.down = down;
      return { kind: 'prompt' };
    },
    serviceFault: (label) => (label.startsWith(`${conditions.down}.`) ? 'throttled' : undefined),
  };
}

/** A worker takes up what the schedule says of the first connection, if it is due. */
export function refreshDue(world: World, functions: Functions): void {
  const { refreshAt, client, connection } = rowOf(world);
  if (refreshAt === undefined || refreshAt > world.nowAt()) return;
  const key = { client, connection };
  swallow(functions.refresh({ key, cause: { kind: 'due', refreshAt } }));
}

/** The row of a connection that is there. */
export function rowOf({ stores, keys }: World, index = 0): Connection {
  const key = keys[index];
  const row = key && stores.connectionRows.get(keyText(key));
  if (!isLive(row)) throw new Error('there is no such connection');
  return row;
}
