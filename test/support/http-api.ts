import { type RunningServer, startHttpServer } from '../../local/http-server.ts';
import type { Functions, HttpAnswer } from './functions.ts';

/**
 * The functions over HTTP, as far as API Gateway would let a signed request through. The caller is
 * the user whose access key id stands in the signature, which nobody verifies.
 */
export function startHttpApi(
  functions: Functions,
  before: (request: string) => void = () => undefined,
): Promise<RunningServer> {
  return startHttpServer(
    async ({ method = '', url = '/', headers }, sent) => {
      before(`${method} ${url}`);
      const keyId = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
      if (keyId === undefined) return { status: 403, body: '{"message":"Forbidden"}' };
      const { pathname, searchParams } = new URL(url, 'http://api.example');
      const body = sent.length > 0 ? sent.toString('utf8') : undefined;
      const caller = `arn:aws:iam::000000000000:user/${keyId}`;
      const query = Object.fromEntries(searchParams);
      const answer = await dispatch(functions, `${method} ${pathname}`, { body, caller, query });
      if (!answer) return { status: 404, body: '{"message":"Not Found"}' };
      return { status: answer.statusCode ?? 500, body: answer.body ?? '' };
    },
    { port: 0, maxBodyBytes: 100_000 },
  );
}

interface Given {
  readonly body: string | undefined;
  readonly caller: string;
  readonly query: Readonly<Record<string, string>>;
}

function dispatch(
  functions: Functions,
  request: string,
  { body, caller, query }: Given,
): Promise<HttpAnswer> | undefined {
  const [method, path = ''] = request.split(' ');
  const [top, client = '', connection = '', token] = path
    .split('/')
    .slice(1)
    .map((part) => decodeURIComponent(part));
  if (top === 'connect-sessions') return functions.connect(request, { body, caller });
  if (top !== 'connections') return undefined;
  const address = { client, connection };
  if (token === 'token') return functions.vendHttp(`${client}/${connection}`, body, { caller });
  const route = connection ? `${method} /connections/{client}/{connection}` : `${method} ${path}`;
  return functions.connections(route, { path: address, query, body, caller });
}
