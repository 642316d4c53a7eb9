import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dynamodbClient } from '../../../lib/aws/clients.ts';
import { agents, openPost } from '../../../lib/aws/open-request.ts';
import { selfSignedCertificate } from '../oauth/self-signed-certificate.ts';

const ampleMs = 10_000;
const trusted = getCACertificates('default');

const endings: (() => unknown)[] = [];
afterEach(() => {
  for (const end of endings.splice(0)) end();
  agents.httpAgent.destroy();
  agents.httpsAgent.destroy();
});

/** Has a server listen on loopback until the test ends; resolves with its port. */
async function listen(server: Server): Promise<number> {
  endings.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A service that keeps what it was sent. */
async function serve(answer: RequestListener = (_, response) => response.end('{}')) {
  const requests: { request: IncomingMessage; body: string }[] = [];
  const server = createServer(async (request, response) => {
    requests.push({ request, body: await text(request) });
    answer(request, response);
  });
  const connected = once(server, 'connection');
  return { server, requests, connected, port: await listen(server) };
}

const headTo = (port: number) => ({
  protocol: 'http:',
  hostname: '127.0.0.1',
  port,
  headers: { host: 'dynamodb.example', 'x-amz-target': 'UpdateItem' },
});

describe('openPost', () => {
  it('has its connection at once, and sends nothing until it is told what', async () => {
    const { connected, requests, port } = await serve();

    const request = openPost(headTo(port), ampleMs);
    await connected;

    expect(requests).toEqual([]);

    await request.send({ authorization: 'signed', 'content-length': '3' }, 'ü!');

    expect(requests).toHaveLength(1);
    expect(requests[0]?.request).toMatchObject({ method: 'POST', url: '/' });
    expect(requests[0]?.request.headers).toMatchObject({
      host: 'dynamodb.example',
      'x-amz-target': 'UpdateItem',
      authorization: 'signed',
      'content-length': '3',
    });
    expect(requests[0]?.body).toBe('ü!');
  });

  it('gives the answer, whatever its status', async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(400).end('{"__type":"x"}');
    });

    const answer = await openPost(headTo(port), ampleMs).send({}, '{}');

    expect(answer).toEqual({ status: 400, body: '{"__type":"x"}' });
  });

  it('fails when the other side has hung up before', async () => {
    const server = createTcpServer((socket) => socket.end());
    const hungUp = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    const request = openPost(headTo(await listen(server)), ampleMs);
    await hungUp;

    await expect(request.send({}, '{}')).rejects.toThrow(Error);
  });

  it('fails where nobody listens', async () => {
    const request = openPost(headTo(1), ampleMs);

    await expect(request.send({}, '{}')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('takes nothing for its answer that comes before it is sent', async () => {
    let received = '';
    const server = createTcpServer((socket) => {
      socket.on('data', (data) => {
        received += data;
      });
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}');
    });
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    const request = openPost(headTo(await listen(server)), ampleMs);
    await closed;

    await expect(request.send({}, '{}')).rejects.toThrow('ended');
    expect(received).toBe('');
  });

  it('fails when the other side hangs up on what it was sent', async () => {
    const { port } = await serve((request) => request.socket.destroy());

    await expect(openPost(headTo(port), ampleMs).send({}, '{}')).rejects.toMatchObject({
      code: 'ECONNRESET',
    });
  });

  it('fails when there is no answer in time', async () => {
    const silence = () => undefined;
    const { port } = await serve(silence);

    await expect(openPost(headTo(port), 5).send({}, '{}')).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  it('has nothing left that runs out once it is answered', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    endings.push(() => vi.useRealTimers());
    const { port } = await serve();

    await openPost(headTo(port), ampleMs).send({}, '{}');

    expect(vi.getTimerCount()).toBe(0);
  });

  it('waits without end for what it is to send', async () => {
    const { port } = await serve();
    const request = openPost(headTo(port), 1000);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    endings.push(() => vi.useRealTimers());

    await vi.advanceTimersByTimeAsync(60_000);

    expect(await request.send({}, '{}')).toMatchObject({ status: 200 });
  });

  it('lets its connection go when it is dropped', async () => {
    const { connected, requests, port } = await serve();
    const request = openPost(headTo(port), ampleMs);
    const [socket] = await connected;
    const closed = once(socket, 'close');

    request.drop();

    await closed;
    expect(requests).toEqual([]);
  });

  it('is not dropped any more once it is sent', async () => {
    const { port } = await serve();
    const request = openPost(headTo(port), ampleMs);

    const sent = request.send({}, '{}');
    request.drop();

    expect(await sent).toMatchObject({ status: 200 });
  });

  it('takes the connection that the SDK has made, and leaves it to the next', async () => {
    const { server, port } = await serve();
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${port}`);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
    endings.push(() => vi.unstubAllEnvs());
    const client = dynamodbClient();
    const read = () =>
      client.send(new GetItemCommand({ TableName: 'table', Key: { pk: { S: 'a' } } }));

    await read();
    await openPost(headTo(port), ampleMs).send({ 'content-length': '2' }, '{}');
    await read();

    expect(connections).toBe(1);
  });

  it('speaks TLS where it is told to, and only to whom it can trust', async () => {
    const certificate = selfSignedCertificate('localhost');
    const server = createHttpsServer(certificate, (_, response) => response.end('secure'));
    const port = await listen(server);
    const head = { ...headTo(port), protocol: 'https:', hostname: 'localhost' };

    await expect(openPost(head, ampleMs).send({}, '{}')).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });

    endings.push(() => setDefaultCACertificates(trusted));
    setDefaultCACertificates([...trusted, certificate.cert]);
    let connections = 0;
    server.on('secureConnection', () => {
      connections += 1;
    });
    for (let times = 0; times < 2; times += 1) {
      const answer = await openPost({ ...head, headers: {} }, ampleMs).send({}, '{}');
      expect(answer.body).toBe('secure');
    }
    expect(connections).toBe(1);
  });
});
