import { join } from 'node:path';
import { listGrantTypes } from '../../../lib/providers/token-request-shape.ts';
import { type Clock, systemClock } from '../../../lib/time.ts';
import { json, type RunningServer, serve } from '../simulated-http.ts';
import { answerAs } from '../simulator.ts';
import type { DefinedProvider } from './defined-provider.ts';
import { buildDefinedVendor } from './defined-vendor.ts';

export interface DefinedSimulatorsInput {
  readonly providers: readonly DefinedProvider[];
  /** 0 takes any free port. */
  readonly port: number;
  /** Decides the redirect URIs that are registered. No slash at the end. */
  readonly publicBaseUrl: string;
  /** A folder in which the state outlives a restart; absent: in memory only. */
  readonly stateDir?: string;
  readonly clock?: Clock;
}

export interface RunningDefinedSimulators {
  /** Each simulator's base, without a slash at the end, by the provider's name. */
  readonly urls: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

/**
 * Starts the simulators of definitions on 127.0.0.1: one port for all, so that an address stays as
 * it is when another definition comes; the first step of the path is the provider's name.
 */
export async function startDefinedSimulators(
  input: DefinedSimulatorsInput,
): Promise<RunningDefinedSimulators> {
  if (input.providers.length === 0) return { urls: {}, close: async () => undefined };
  const answers = new Map(
    input.providers.map((provider) => [provider.name, buildAnswer(provider, input)]),
  );
  const server: RunningServer = await serve(input.port, (request) => {
    const [, name = '', path = '/'] = /^\/([^/]*)(\/.*)?$/.exec(request.path) ?? [];
    const answer = answers.get(name);
    return answer ? answer({ ...request, path }) : json(404, { error: 'not_found' }, 'not_found');
  });
  const urls = [...answers.keys()].map((name) => [name, `${server.url}/${name}`]);
  return { urls: Object.fromEntries(urls), close: server.close };
}

function buildAnswer(
  provider: DefinedProvider,
  { publicBaseUrl, stateDir, clock = systemClock }: DefinedSimulatorsInput,
): ReturnType<typeof answerAs> {
  const { name, client, clientSecret } = provider;
  const registered = {
    name: client.name,
    clientId: client.clientId,
    clientSecret,
    grants: listGrantTypes(client.definition),
    redirectUris: [`${publicBaseUrl}/callback/${client.name}`],
  };
  return answerAs(buildDefinedVendor(provider), {
    clients: [registered],
    clock,
    ...(stateDir === undefined ? {} : { stateFile: join(stateDir, `${name}.json`) }),
  });
}
