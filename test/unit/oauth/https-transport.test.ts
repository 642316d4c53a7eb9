import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { httpsTransport } from '../../../lib/oauth/https-transport.ts';
import { ample, listen, local, post, serve, transport } from './loopback-server.ts';

describe('the transport', () => {
  it('sends method, path, query, headers and body, and reads the whole answer', async () => {
    const base = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method, url, headers } = request;
        response.writeHead(201, { 'Content-Type': 'application/json', 'X-Two': ['1', '2'] });
        response.write('\ufeff');
        response.end(JSON.stringify({ method, url, headers, body }));
      });
    });

    const answer = await transport(post(`${base}/token?v=2`), ample);

    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'x-two': '1, 2' });
    expect(JSON.parse(answer.body)).toMatchObject({
      method: 'POST',
      url: '/token?v=2',
      body: 'grant_type=x&ü',
      headers: {
        host: new URL(base).host,
        'content-type': 'text/plain',
        'content-length': '15',
        'accept-encoding': 'identity',
        connection: 'close',
      },
    });
  });

  it('sends a GET without a body', async () => {
    const base = await serve((request, response) => response.end(`${request.method}`));

    const answer = await transport({ method: 'GET', url: base, headers: {} }, ample);

    expect(answer).toMatchObject({ status: 200, body: 'GET' });
  });

  it('follows no redirect', async () => {
    let requests = 0;
    const base = await serve((_, response) => {
      requests += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });

    const answer = await transport(post(base), ample);

    expect(answer).toMatchObject({ status: 302, headers: { location: '/elsewhere' } });
    expect(requests).toBe(1);
  });

  it('cuts off a body that drips, when the deadline is over', async () => {
    let drops = 0;
    const base = await serve((_, response) => {
      response.writeHead(200);
      const drip = () => {
        drops += 1;
        response.write('x');
      };
      const dripping = setInterval(drip, 5);
      response.on('close', () => clearInterval(dripping));
    });

    let failure: unknown;
    for (let ms = 400; drops === 0; ms *= 2) {
      failure = await transport(post(base), ms).catch((error: unknown) => error);
    }

    expect(failure).toMatchObject({ trouble: 'timeout', sent: true });
  });

  it('cuts off a server that says nothing', async () => {
    let requests = 0;
    const base = await serve(() => {
      requests += 1;
    });

    // However long it takes to get there.
    let failure: unknown;
    for (let ms = 400; requests === 0; ms *= 2) {
      failure = await transport(post(base), ms).catch((error: unknown) => error);
    }

    expect(failure).toMatchObject({ trouble: 'timeout', sent: true });
  });

  it.each([0, -5, 20])('sends nothing when the name is not resolved within %d ms', async (ms) => {
    const never = httpsTransport({ ...local, lookupAddresses: () => new Promise(() => undefined) });

    await expect(never(post('https://as.example/'), ms)).rejects.toMatchObject({
      trouble: 'timeout',
      sent: false,
    });
  });

  it('sends nothing to a port that refuses the connection', async () => {
    const server = createServer();
    const base = await listen(server);
    await new Promise((resolve) => server.close(resolve));

    await expect(transport(post(base), ample)).rejects.toMatchObject({
      trouble: 'network',
      sent: false,
    });
  });

  it('sends nothing when the name does not resolve', async () => {
    const failing = httpsTransport({
      ...local,
      lookupAddresses: () => Promise.reject(new Error('queryA ENOTFOUND as.example')),
    });

    await expect(failing(post('https://as.example/'), ample)).rejects.toMatchObject({
      trouble: 'network',
      sent: false,
    });
  });

  it.each([
    ['hangs up', ''],
    ['hangs up within the headers', 'HTTP/1.1 200 OK\r\nContent-'],
    ['hangs up within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'],
    [
      'wants another protocol',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
  ])('does not know what was done when the server %s', async (_, bytes) => {
    const base = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(bytes));
      }),
    );

    await expect(transport(post(base), ample)).rejects.toMatchObject({
      trouble: 'network',
      sent: true,
    });
  });

  it.each([
    ['speaks no HTTP', 'SSH-2.0-server\r\n\r\n'],
    ['sends headers without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`],
  ])('finds the answer malformed when the server %s', async (_, bytes) => {
    const base = await listen(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(bytes));
      }),
    );

    await expect(transport(post(base), ample)).rejects.toMatchObject({
      trouble: 'malformed',
      sent: true,
    });
  });

  it('sends nothing when a header cannot be carried', async () => {
    let requests = 0;
    const base = await serve((_, response) => {
      requests += 1;
      response.end();
    });

    await expect(
      transport(post(base, { headers: { 'x-key': 'a\r\nX-Injected: b' } }), ample),
    ).rejects.toMatchObject({ trouble: 'malformed', sent: false });
    expect(requests).toBe(0);
  });

  it.each([
    ['plain http outside the local stage', 'http://127.0.0.1:PORT/'],
    ['loopback outside the local stage', 'https://127.0.0.1:PORT/'],
    ['a name that leads to loopback', 'https://as.example:PORT/'],
    ['another protocol', 'ftp://127.0.0.1:PORT/'],
    ['no URL', '/token'],
  ])('sends nothing to %s', async (_, url) => {
    let connections = 0;
    const base = await listen(
      createTcpServer((socket) => {
        connections += 1;
        socket.destroy();
      }),
    );
    const deployed = httpsTransport({
      ...local,
      allowLoopbackHttp: false,
      lookupAddresses: async () => [{ address: '127.0.0.1', family: 4 }],
    });

    await expect(
      deployed(post(url.replace('PORT', new URL(base).port)), ample),
    ).rejects.toMatchObject({ trouble: 'address_refused', sent: false });
    expect(connections).toBe(0);
  });

  it('goes to the address that was checked, whatever the name means by then', async () => {
    const base = await serve((request, response) => response.end(request.headers.host));
    const answers = ['127.0.0.1', '169.254.169.254'];
    const rebinding = httpsTransport({
      ...local,
      lookupAddresses: async () => [{ address: answers.shift() ?? '', family: 4 }],
    });

    const answer = await rebinding(post(`http://as.example:${new URL(base).port}/`), ample);

    expect(answer.body).toBe(`as.example:${new URL(base).port}`);
    expect(answers).toEqual(['169.254.169.254']);
  });

  it('is not made where the environment turns certificate verification off', () => {
    expect(() => httpsTransport({ ...local, tlsRejectUnauthorized: '0' })).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION_INVALID' }),
    );
  });
});
