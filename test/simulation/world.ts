/**
 * Everything a history happens in: stores, queues, providers, machines, and who looks on.
 *
 * @module
 */
import { Fault } from '../../lib/fault.ts';
import { type ClientName, type ConnectionKey, parseClientName } from '../../lib/names.ts';
import type { Client } from '../../lib/providers/client.ts';
import { aClient, aDefinition } from '../support/clients.ts';
import { aKey } from '../support/connections.ts';
import { memoryClientStore } from '../support/memory-client-store.ts';
import {
  type MemoryConnectionStore,
  memoryConnectionStore,
} from '../support/memory-connection-store.ts';
import { type MemoryTokenStore, memoryTokenStore } from '../support/memory-token-store.ts';
import { aMoment } from '../support/moving-clock.ts';
import type { Machine } from './invocation.ts';
import { observed, withStaleIndex, withStaleReads } from './observed-stores.ts';
import {
  declaredRotation,
  type ProviderModel,
  type ProviderSettings,
  providerModel,
} from './provider-model.ts';
import { type Random, seededRandom } from './random.ts';
import { type SealerModel, sealerModel } from './sealer-model.ts';
import { type Timeline, timeline } from './timeline.ts';
import { type Watch, watch } from './watch.ts';
import { calm, type Weather } from './weather.ts';

export const dueShards = 2;
export const lanesPerClient = 2;

export interface WorldSettings {
  readonly seed: number;
  /** One entry per client. */
  readonly providers: readonly (ProviderSettings & { readonly connections: number })[];
  readonly machines: number;
  /** By how much wall clocks may differ. */
  readonly skewSeconds: number;
  readonly keepTrace?: boolean;
  /** Puts other stores in the place of the right ones, to see whether it is noticed. */
  readonly sabotage?: {
    readonly connections?: (store: MemoryConnectionStore) => MemoryConnectionStore;
    readonly tokens?: (store: MemoryTokenStore) => MemoryTokenStore;
  };
}

/** What is out of order for everybody at the moment. */
export interface Conditions {
  keyMissing: boolean;
  registrationBroken: boolean;
  clientRefused: boolean;
  providerDown: boolean;
  /** The store or queue that does not answer. */
  down: 'connections' | 'tokens' | 'recovery' | undefined;
  schedulerSilent: boolean;
}

export interface World {
  readonly settings: WorldSettings;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly weather: Weather & { readonly become: (next: Weather) => void };
  readonly conditions: Conditions;
  readonly machines: readonly Machine[];
  readonly keys: readonly ConnectionKey[];
  readonly stores: Stores;
  readonly sealer: SealerModel;
  readonly registry: Registry;
  readonly providerOf: (key: string) => ProviderModel;
  readonly watch: Watch;
  readonly faults: Map<string, number>;
  readonly count: (kind: string) => void;
  /** Told of each refresh token that is sent. */
  readonly bystanders: ((key: ConnectionKey) => void)[];
  /** From when to when each fault lasted, in milliseconds of the history. */
  readonly faultSpans: FaultSpan[];
  /** When an application was told that its connection is gone. */
  readonly disconnectedAtMs: Map<string, number>;
  /** True time, as a well set clock shows it. */
  readonly nowAt: () => number;
}

/** A fault of a moment begins and ends at once; a service may be away for long. */
export interface FaultSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Registry {
  readonly read: (client: ClientName) => Client;
  /** The operator writes the registrations anew. */
  readonly renew: () => void;
}

type Stores = ReturnType<typeof buildStores>;

export function createWorld(settings: WorldSettings): World {
  const random = seededRandom(settings.seed);
  const time = timeline(random, { keepLines: settings.keepTrace ?? false });
  const weather = changingWeather(calm(random));
  const conditions = fairConditions();
  const faults = new Map<string, number>();
  const sealer = sealerModel(() => conditions.keyMissing);
  const providers = buildProviders(settings, random, time);
  const providerOf = (key: string) => {
    const provider = providers.get(key.split('/')[0] ?? '');
    if (!provider) throw new Error(`no provider is known for ${key}`);
    return provider;
  };
  const nowAt = () => aMoment + time.elapsedMs() / 1000;
  const onlooker = watch({ timeline: time, sealer, providerOf, nowAt });
  return {
    settings,
    random,
    timeline: time,
    weather,
    conditions,
    sealer,
    providerOf,
    faults,
    bystanders: [],
    faultSpans: [],
    disconnectedAtMs: new Map(),
    nowAt,
    count: (kind) => faults.set(kind, (faults.get(kind) ?? 0) + 1),
    watch: onlooker,
    machines: Array.from({ length: settings.machines }, (_, index) => aMachine(index)),
    keys: settings.providers.flatMap(keysOf),
    stores: buildStores(settings, { timeline: time, weather, watch: onlooker }),
    registry: registrations(settings),
  };
}

export function fairConditions(): Conditions {
  return {
    keyMissing: false,
    registrationBroken: false,
    clientRefused: false,
    providerDown: false,
    down: undefined,
    schedulerSilent: false,
  };
}

const aMachine = (index: number): Machine => ({
  name: `m${index}`,
  skewMs: 0,
  idle: new Map(),
});

const keysOf = ({ connections }: { readonly connections: number }, client: number) =>
  Array.from({ length: connections }, (_, index) => aKey(`c${index}`, clientName(client)));

const clientName = (index: number) => `client-${index}`;

function buildProviders(settings: WorldSettings, random: Random, { elapsedMs }: Timeline) {
  return new Map(
    settings.providers.map((provider, index) => [
      clientName(index),
      providerModel(random, elapsedMs, provider),
    ]),
  );
}

function buildStores(
  { sabotage }: WorldSettings,
  around: { readonly timeline: Timeline; readonly weather: Weather; readonly watch: Watch },
) {
  const { connectionChanged, tokenChanged } = around.watch;
  const connections = memoryConnectionStore([], { dueShards });
  const tokens = memoryTokenStore();
  const connectionRows = sabotage?.connections?.(connections) ?? connections;
  const tokenRows = withStaleReads(sabotage?.tokens?.(tokens) ?? tokens, around);
  return {
    connectionRows: connections.rows,
    /** Puts a row there that no production code would write. */
    poison: connections.put,
    tokenRows: tokens.rows,
    connections: withStaleIndex(
      observed(connectionRows, connectionChanged),
      dueShards,
      around.weather,
    ),
    tokens: observed(
      { ...tokenRows, rows: tokens.rows },
      (change: Parameters<typeof tokenChanged>[0]) => {
        tokenRows.remember(change);
        tokenChanged(change);
      },
    ),
    clientStatus: memoryClientStore(),
  };
}

function registrations({ providers }: WorldSettings): Registry {
  let version = 1;
  const clients = new Map<ClientName, Client>();
  const write = () => {
    for (const [index, settings] of providers.entries()) {
      const name = parseClientName(clientName(index));
      const rotation = declaredRotation(settings);
      const definition = aDefinition(rotation === undefined ? {} : { rotation });
      clients.set(name, aClient({ name, definition, version: `version-${version}` }));
    }
  };
  write();
  return {
    read: (name) => {
      const client = clients.get(name);
      if (!client) throw new Fault('UNKNOWN_CLIENT', { client: name });
      return client;
    },
    renew: () => {
      version += 1;
      write();
    },
  };
}

function changingWeather(first: Weather): World['weather'] {
  let now = first;
  return {
    latencyMs: () => now.latencyMs(),
    stallMs: (label) => now.stallMs(label),
    kills: (...point) => now.kills(...point),
    serviceFault: (label) => now.serviceFault(label),
    conduct: (client) => now.conduct(client),
    isStale: () => now.isStale(),
    isDuplicated: () => now.isDuplicated(),
    become: (next) => {
      now = next;
    },
  };
}
