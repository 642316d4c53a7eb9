import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, test } from 'vitest';
import { type Reply, type RunningServer, startHttpServer } from '../../local/http-server.ts';
import { startLambdaGateway } from '../../local/lambda-gateway.ts';

interface Invocation {
  readonly path: string;
  readonly event: unknown;
  readonly answer: (reply: Reply) => void;
}

const servers: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A gateway in front of an endpoint whose answers the test gives. */
async function startGateway(concurrency = 8) {
  const invocations: Invocation[] = [];
  const watchers = new Set<() => void>();
  const endpoint = await startHttpServer(
    ({ url = '' }, body) =>
      new Promise((answer) => {
        invocations.push({ path: url, event: JSON.parse(body.toString()), answer });
        for (const watcher of watchers) watcher();
      }),
    { port: 0, maxBodyBytes: 1_000_000 },
  );
  const gateway = await startLambdaGateway({
    port: 0,
    target: endpoint.url,
    functions: ['evergrant-local-vend', 'evergrant-local-refresh'],
    concurrency,
  });
  servers.push(gateway, endpoint);
  const client = new LambdaClient({
    endpoint: gateway.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  return {
    gateway,
    invocations,
    /** Resolves when `count` invocations have come. */
    arrived: (count: number) =>
      new Promise<void>((resolve) => {
        const watcher = () => {
          if (invocations.length < count) return;
          watchers.delete(watcher);
          resolve();
        };
        watchers.add(watcher);
        watcher();
      }),
    invoke: (FunctionName: string, more: { InvocationType?: 'Event'; Payload?: string } = {}) =>
      client.send(new InvokeCommand({ FunctionName, Payload: '{}', ...more })),
  };
}

const json = (content: unknown): Reply => ({ status: 200, body: JSON.stringify(content) });

describe('the gateway', () => {
  test.each([
    'evergrant-local-vend',
    'arn:aws:lambda:us-east-1:000000000000:function:evergrant-local-vend',
    'arn:aws:lambda:us-east-1:000000000000:function:evergrant-local-vend:$LATEST',
    '000000000000:function:evergrant-local-vend',
  ])('invokes the function that %s names', async (functionName) => {
    const { invocations, arrived, invoke } = await startGateway();
    const answered = invoke(functionName, { Payload: '{"client":"hurma-acme"}' });
    await arrived(1);
    invocations[0]?.answer(json({ state: 'active' }));

    const { Payload, StatusCode, FunctionError } = await answered;

    expect(invocations[0]).toMatchObject({
      path: '/2015-03-31/functions/evergrant-local-vend/invocations',
      event: { client: 'hurma-acme' },
    });
    expect(StatusCode).toBe(200);
    expect(FunctionError).toBeUndefined();
    expect(Payload?.transformToString()).toBe('{"state":"active"}');
  });

  test('lets so many of one function through at once, and the rest in order', async () => {
    const { invocations, arrived, invoke } = await startGateway(2);
    const answers = ['1', '2', '3', '4'].map((Payload) =>
      invoke('evergrant-local-vend', { Payload }),
    );
    await arrived(2);
    const other = invoke('evergrant-local-refresh', { Payload: '"other"' });
    await arrived(3);

    // The other function's invocation came after the two that wait, and yet before them.
    expect(invocations.map(({ path }) => path.split('/')[3])).toEqual([
      'evergrant-local-vend',
      'evergrant-local-vend',
      'evergrant-local-refresh',
    ]);
    for (let index = 0; index < 5; index += 1) {
      await arrived(index + 1);
      invocations[index]?.answer(json(invocations[index]?.event));
    }
    const payloads = (await Promise.all([...answers, other])).map(({ Payload }) =>
      Payload?.transformToString(),
    );

    expect(payloads).toEqual(['1', '2', '3', '4', '"other"']);
  });

  test('answers an Event invocation before the function has ended', async () => {
    const { invocations, arrived, invoke } = await startGateway();

    const { StatusCode } = await invoke('evergrant-local-vend', { InvocationType: 'Event' });

    expect(StatusCode).toBe(202);
    await arrived(1);
    invocations[0]?.answer(json(null));
  });

  test('passes on that a handler threw', async () => {
    const { invocations, arrived, invoke } = await startGateway();
    const answered = invoke('evergrant-local-vend');
    await arrived(1);
    const headers = { 'x-amz-function-error': 'Unhandled' };
    invocations[0]?.answer({ status: 200, headers, body: '{"errorType":"Error"}' });

    const { FunctionError, Payload } = await answered;

    expect(FunctionError).toBe('Unhandled');
    expect(Payload?.transformToString()).toBe('{"errorType":"Error"}');
  });

  test('answers null for a handler that returned nothing', async () => {
    const { invocations, arrived, invoke } = await startGateway();
    const answered = invoke('evergrant-local-vend');
    await arrived(1);
    invocations[0]?.answer({ status: 200 });

    expect((await answered).Payload?.transformToString()).toBe('null');
  });

  test('refuses a function that does not exist', async () => {
    const { invoke } = await startGateway();

    await expect(invoke('evergrant-local-sing')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('says so when the functions do not answer, and frees their places', async () => {
    const gateway = await startLambdaGateway({
      port: 0,
      target: 'http://127.0.0.1:1',
      functions: ['evergrant-local-vend'],
      concurrency: 1,
    });
    servers.push(gateway);
    const url = `${gateway.url}/2015-03-31/functions/evergrant-local-vend/invocations`;

    const answers = [await fetch(url, { method: 'POST' }), await fetch(url, { method: 'POST' })];

    expect(answers.map(({ status }) => status)).toEqual([503, 503]);
    expect(answers[0]?.headers.get('x-amzn-errortype')).toBe('ServiceException');
  });
});
