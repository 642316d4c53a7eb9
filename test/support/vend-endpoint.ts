import { type Reply, type RunningServer, startHttpServer } from '../../local/http-server.ts';
import type { Functions } from './functions.ts';
import { localUser } from './http-events.ts';

/** Lambda and API Gateway in one, in front of the two functions that vend. */
export interface VendEndpoint {
  readonly url: string;
  /** How many requests have come. */
  readonly count: () => number;
  /** Who calls over HTTP from now on; undefined for somebody whom API Gateway turns away. */
  readonly callAs: (caller: string | undefined) => void;
  /** Stops listening. */
  readonly shut: () => Promise<void>;
  /** Listens again at the same address, for the caller that may do everything. */
  readonly reopen: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const invocation = /^\/2015-03-31\/functions\/[\w-]+-vend\/invocations$/;
const route = /^\/connections\/([^/]+\/[^/]+)\/token$/;

export async function startVendEndpoint(functions: Functions): Promise<VendEndpoint> {
  let requests = 0;
  let caller: string | undefined = localUser;
  const answer = async (path: string, body: string): Promise<Reply> => {
    if (invocation.test(path)) return json(200, await functions.vend(JSON.parse(body)));
    const [, key] = route.exec(path) ?? [];
    if (key === undefined) return json(404, { message: 'Not Found' });
    if (caller === undefined) return json(403, { message: 'Forbidden' });
    const { statusCode = 500, message } = await functions.vendHttp(key, body, { caller });
    return json(statusCode, message);
  };
  const listen = (port: number) =>
    startHttpServer(
      ({ url = '' }, body) => {
        requests += 1;
        return answer(url, body.toString());
      },
      { port, maxBodyBytes: 10_000 },
    );
  let server: RunningServer | undefined = await listen(0);
  const { url } = server;
  const shut = async () => {
    await server?.close();
    server = undefined;
  };
  return {
    url,
    count: () => requests,
    callAs: (next) => {
      caller = next;
    },
    shut,
    reopen: async () => {
      caller = localUser;
      server ??= await listen(Number(new URL(url).port));
    },
    close: shut,
  };
}

function json(status: number, body: unknown): Reply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
