import { Events, type MutableResponse, OAuth2Server, type RouteHandler } from 'oauth2-mock-server';
import type { JsonObject } from '../../lib/providers/merge-patch.ts';
import { Secret } from '../../lib/secret.ts';
import { aBroker, type Broker } from './a-broker.ts';

/** A server that answers by the book but for what a test changes; it sends no `iss`. */
export type MockServer = Awaited<ReturnType<typeof startMockServer>>;

/** Starts it on a free port, with two more token endpoints: `/late` and `/proxy`. */
export async function startMockServer() {
  const server = new OAuth2Server();
  const waiting: (() => void)[] = [];
  await server.issuer.keys.generate('RS256');
  server.service.addRoute('POST', '/late', answerLate(waiting));
  server.service.addRoute('POST', '/proxy', answerFromProxy);
  await server.start(0, '127.0.0.1');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  /** Has the next answer of the token endpoint changed on its way out. */
  const answerNext = (change: (response: MutableResponse) => void) => {
    server.service.once(Events.BeforeResponse, change);
  };
  return {
    issuer,
    answerNext,
    answerOnceWith: (statusCode: number, body: MutableResponse['body']) =>
      answerNext((response) => Object.assign(response, { statusCode, body })),
    registration: (overrides: JsonObject = {}) => aRegistration(issuer, overrides),
    close: () => {
      for (const answer of waiting.splice(0)) answer();
      return server.stop();
    },
  };
}

/** Connects by a login, which takes no browser. */
export const login = (broker: Broker) =>
  broker.connectDirectly({
    by: 'password',
    username: 'ann',
    password: new Secret('password', 'any'),
    retainCredentials: false,
  });

/** A broker that has connected while the server still answered by the book. */
export async function connectedTo(
  { registration }: MockServer,
  overrides: JsonObject = {},
): Promise<Broker> {
  const broker = aBroker(registration(overrides));
  await login(broker);
  return broker;
}

function aRegistration(issuer: string, overrides: JsonObject): JsonObject {
  return {
    provider: 'oauth2',
    client_id: 'app',
    client_secret: 'any',
    scope: 'read write',
    provider_overrides: { token: { url: `${issuer}/token` }, ...overrides },
  };
}

/** A token endpoint that does not answer before the server is closed. */
function answerLate(waiting: (() => void)[]): RouteHandler {
  return (_request, response) =>
    new Promise((resolve) => {
      waiting.push(() => {
        response.end();
        resolve();
      });
    });
}

/** A token endpoint behind a proxy that has nobody to forward to. */
const answerFromProxy: RouteHandler = (_request, response) => {
  response.writeHead(503, { 'content-type': 'text/html', 'retry-after': '77' });
  response.end('<html><body>Service Unavailable</body></html>');
};
