/**
 * The playground: one page on which an operator connects, watches and uses connections.
 *
 * Its server holds the operator's signature, so it answers this machine's browser only, and changes
 * something only for its own page.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { parseConnectionKey } from '../../lib/names.ts';
import { type Clock, systemClock } from '../../lib/time.ts';
import { type Reply, type RunningServer, startHttpServer } from '../http-server.ts';
import { type ActionInput, type ActionPorts, type ActionResult, actions } from './actions.ts';
import { type Asset, readAssets } from './assets.ts';
import { createBrokerApi, type PlaygroundStack } from './broker-api.ts';
import { type ConnectionsView, connectionsTable } from './connections-table.ts';
import { eventsList, readEvents } from './events-list.ts';
import { type ClientLister, createClientLister } from './list-clients.ts';
import { createDueMaker } from './make-due.ts';
import { type Banner, playgroundPage } from './page.ts';
import { readReturn } from './return-banner.ts';

export interface PlaygroundInput {
  /** 0 takes any free port. */
  readonly port: number;
  /** What `.evergrant/local.json` says. */
  readonly stack: PlaygroundStack;
  readonly clock?: Clock;
}

/** A request in hand. `url` holds no host: which one was meant has been looked at before. */
interface Visit {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
  readonly origin: string;
}

interface Site extends ActionPorts {
  readonly stack: PlaygroundStack;
  readonly clients: ClientLister;
  readonly assets: ReadonlyMap<string, Asset>;
}

const maxBodyBytes = 16 * 1024;

const guards = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** Starts the playground on 127.0.0.1. */
export async function startPlayground({
  port,
  stack,
  clock = systemClock,
}: PlaygroundInput): Promise<RunningServer> {
  const site: Site = {
    stack,
    providers: stack.providers,
    broker: createBrokerApi(stack),
    dueMaker: createDueMaker(stack, clock),
    clients: createClientLister(stack),
    assets: await readAssets(),
  };
  const server = await startHttpServer(
    async (request, body) => {
      const visit = readVisit(request, body);
      return visit ? answer(site, visit) : text(403, 'Forbidden');
    },
    { port, maxBodyBytes },
  );
  return {
    url: server.url,
    close: async () => {
      for (const part of [site.broker, site.dueMaker, site.clients]) part.close();
      await server.close();
    },
  };
}

/**
 * Refuses a host name that is not this machine's (a rebound name leads here too), and a change that
 * another site's page asks for.
 */
function readVisit(request: IncomingMessage, body: Buffer): Visit | undefined {
  const { host = '', origin, 'sec-fetch-site': site } = request.headers;
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)) return undefined;
  const own = `http://${host}`;
  const method = request.method ?? 'GET';
  const foreign =
    (origin !== undefined && origin !== own) || (site !== undefined && site !== 'same-origin');
  if (method !== 'GET' && foreign) return undefined;
  return {
    method,
    url: new URL(request.url ?? '/', own),
    body: body.toString('utf8'),
    origin: own,
  };
}

async function answer(site: Site, visit: Visit): Promise<Reply> {
  const { method, url } = visit;
  const asset = site.assets.get(url.pathname);
  if (method === 'GET' && asset) {
    return { status: 200, headers: { ...guards, 'content-type': asset.type }, body: asset.body };
  }
  if (method === 'GET' && url.pathname === '/') {
    return showPage(site, 200, readReturn(url.searchParams));
  }
  if (method === 'GET' && url.pathname === '/connections') {
    return markup(200, connectionsTable(await readConnections(site)).toString());
  }
  if (method === 'GET' && url.pathname === '/events') {
    return markup(200, eventsList(await readEvents(site.stack)).toString());
  }
  if (method === 'POST' && url.pathname === '/connect') return connect(site, visit);
  const action = url.pathname.startsWith('/actions/') ? url.pathname.slice(9) : '';
  if (method === 'POST' && Object.hasOwn(actions, action)) return act(site, visit, action);
  return text(404, 'Not found');
}

async function showPage(site: Site, status: number, banner?: Banner): Promise<Reply> {
  const { stage, region } = site.stack;
  const [connections, events] = await Promise.all([readConnections(site), readEvents(site.stack)]);
  const view = { ...connections, ...events, stage, region, ...(banner ? { banner } : {}) };
  return markup(status, playgroundPage(view).toString());
}

/** The connections of every client, and a line for each list that could not be had. */
async function readConnections({ clients, broker }: Site): Promise<ConnectionsView> {
  try {
    const names = await clients.list();
    const answers = await Promise.all(names.map((name) => broker.list(name)));
    return {
      connections: answers.flatMap(({ body }) =>
        Array.isArray(body.connections) ? body.connections : [],
      ),
      problems: answers.flatMap(({ status }, index) =>
        status === 200 ? [] : [`The connections of ${names[index]} cannot be listed (${status}).`],
      ),
    };
  } catch {
    return { connections: [], problems: ['The local stack does not answer. Is it running?'] };
  }
}

/** Sends the browser on its way to the provider, or shows why not. */
async function connect(site: Site, visit: Visit): Promise<Reply> {
  try {
    return await beginConnection(site, visit);
  } catch {
    return showPage(site, 502, { ok: false, text: 'The interface did not answer.' });
  }
}

async function beginConnection(site: Site, { body, origin }: Visit): Promise<Reply> {
  const form = new URLSearchParams(body);
  const { status, body: answered } = await site.broker.beginConnection({
    client: form.get('client') ?? '',
    connection: form.get('connection') ?? '',
    return_url: `${origin.replace('localhost', '127.0.0.1')}/`,
  });
  const { authorize_url, error_description } = answered;
  if (status === 201 && typeof authorize_url === 'string') {
    return { status: 303, headers: { ...guards, location: authorize_url }, body: '' };
  }
  const told = typeof error_description === 'string' ? error_description : `status ${status}`;
  return showPage(site, 400, { ok: false, text: `It could not be begun: ${told}` });
}

async function act(site: Site, visit: Visit, name: string): Promise<Reply> {
  const input = readActionInput(visit.body);
  const action = actions[name];
  if (!input || !action) {
    const title = 'Client and connection are needed';
    return json(400, { ok: false, title, text: 'Give both by their names.' });
  }
  try {
    return json(200, await action(site, input));
  } catch {
    const words = 'A part of the local stack did not answer; its log tells more.';
    return json(502, { ok: false, title: 'No answer', text: words });
  }
}

/** A JSON object of strings. */
function readActionInput(body: string): ActionInput | undefined {
  try {
    const value: unknown = JSON.parse(body);
    const members = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    const fields = Object.fromEntries(members.map(([name, member]) => [name, String(member)]));
    return { ...parseConnectionKey(fields), fields };
  } catch {
    return undefined;
  }
}

function json(status: number, result: ActionResult): Reply {
  const headers = { ...guards, 'content-type': 'application/json' };
  return { status, headers, body: JSON.stringify(result) };
}

function markup(status: number, body: string): Reply {
  return { status, headers: { ...guards, 'content-type': 'text/html; charset=utf-8' }, body };
}

function text(status: number, body: string): Reply {
  return { status, headers: { ...guards, 'content-type': 'text/plain; charset=utf-8' }, body };
}
