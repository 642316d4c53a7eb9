import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { requestLimits } from '#request-limits';
import { updateInput } from '../../../lib/aws/expression.ts';
import { lateSignature } from '../../../lib/aws/late-signature.ts';
import type { OpenPost, PostAnswer, RequestHead } from '../../../lib/aws/open-request.ts';
import { type Preparing, preparedUpdates } from '../../../lib/aws/prepared-update.ts';
import { localCredentials, nobodyListens } from '../../support/local-credentials.ts';
import { startScriptedService } from '../../support/scripted-service.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** What stands in the connections' rows: texts, numbers, lists, maps. */
const input = updateInput('connections', 'acme/ann', {
  change: {
    set: {
      state: 'active',
      fence: 7,
      renewal: ['refresh_token'],
      values: { a: 'ü' },
      lease: undefined,
    },
    add: { changes: 1 },
  },
});

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Opens requests that are answered as a test says. */
function scriptedPost(answer: PostAnswer | Error = { status: 200, body: '{}' }) {
  const opened: RequestHead[] = [];
  const sent: Sent[] = [];
  const unused: string[] = [];
  const drops: string[] = [];
  const openPost: OpenPost = (head) => {
    opened.push(head);
    return {
      send: async (headers, body) => {
        sent.push({ headers: { ...head.headers, ...headers }, body });
        if (answer instanceof Error) throw answer;
        return answer;
      },
      drop: () => {
        drops.push(head.hostname);
      },
    };
  };
  const preparing: Preparing = { openPost, unused: (reason) => unused.push(reason) };
  return { preparing, opened, sent, unused, drops };
}

const refusal = (type: string): PostAnswer => ({
  status: 400,
  body: JSON.stringify({ __type: type, Message: 'no' }),
});

function newClient(settings: object = nobodyListens): DynamoDBClient {
  const client = new DynamoDBClient(settings);
  endings.push(() => client.destroy());
  return client;
}

/** A client of a service that is there, and what it was asked. */
async function listeningClient(path = '') {
  const service = await startScriptedService(() => ({ body: {} }));
  endings.push(service.close);
  const endpoint = `${service.url}${path}`;
  return { client: newClient({ ...localCredentials, endpoint }), service };
}

describe('an update that is prepared', () => {
  it('opens its request at once, with all but what the update says', async () => {
    const { preparing, opened, sent } = scriptedPost();

    preparedUpdates({ client: newClient(), name: 'connections' }, preparing)();
    await expect.poll(() => opened).toHaveLength(1);

    expect(sent).toEqual([]);
    expect(opened).toEqual([
      {
        protocol: 'http:',
        hostname: '127.0.0.1',
        port: 1,
        headers: expect.objectContaining({
          host: '127.0.0.1:1',
          'content-type': 'application/x-amz-json-1.0',
          'x-amz-target': 'DynamoDB_20120810.UpdateItem',
        }),
      },
    ]);
    const names = Object.keys(opened[0]?.headers ?? {});
    expect(names).not.toContain('authorization');
    expect(names).not.toContain('content-length');
    expect(names).not.toContain('x-amz-content-sha256');
  });

  it('sends the very body that the SDK would', async () => {
    const { client, service } = await listeningClient();
    const { preparing, sent } = scriptedPost();

    await preparedUpdates({ client, name: 'connections' }, preparing)().send(input);
    await client.send(new UpdateItemCommand(input));

    expect(sent.map(({ body }) => body)).toEqual(service.requests.map(({ body }) => body));
    expect(sent[0]?.headers['content-length']).toBe(`${Buffer.byteLength(sent[0]?.body ?? '')}`);
  });

  it('signs it for the service, as the identity that the SDK has', async () => {
    const { preparing, sent } = scriptedPost();

    await preparedUpdates({ client: newClient(), name: 'connections' }, preparing)().send(input);

    const [{ headers, body } = { headers: {}, body: '' }] = sent;
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/us-east-1\/dynamodb\/aws4_request, /,
    );
    expect(headers.authorization).toBe(lateSignature(headers, 'local')(body));
  });

  it('has each one signed anew', async () => {
    const { preparing, sent } = scriptedPost();
    const prepareUpdate = preparedUpdates({ client: newClient(), name: 'connections' }, preparing);

    await prepareUpdate().send(input);
    await prepareUpdate().send(input);

    expect(sent).toHaveLength(2);
  });

  it('goes by the limit of time that every request of DynamoDB has', async () => {
    const limits: number[] = [];
    const { preparing } = scriptedPost();
    const openPost: OpenPost = (head, timeoutMs) => {
      limits.push(timeoutMs);
      return preparing.openPost(head, timeoutMs);
    };

    const limited = { ...preparing, openPost };
    await preparedUpdates({ client: newClient(), name: 'connections' }, limited)().send(input);

    expect(limits).toEqual([requestLimits.dynamodbMs]);
  });

  it.each([
    [
      'its connection has ended',
      Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
      'ECONNRESET',
    ],
    [
      'it is not answered',
      Object.assign(new Error('late'), { name: 'TimeoutError' }),
      'TimeoutError',
    ],
    [
      'it is throttled',
      refusal('com.amazonaws.dynamodb.v20120810#ThrottlingException'),
      'ThrottlingException',
    ],
    [
      'it is refused',
      refusal('com.amazon.coral.service#AccessDeniedException'),
      'AccessDeniedException',
    ],
    ['a gateway answers', { status: 502, body: '<html>' }, 'SyntaxError'],
    ['a gateway says that all is well', { status: 200, body: '<html>' }, 'SyntaxError'],
    ['nothing is answered', { status: 200, body: '' }, 'SyntaxError'],
    ['what is answered is no object', { status: 200, body: 'null' }, 'AnswerIsNoObject'],
    ['it is answered with a text', { status: 200, body: '"{}"' }, 'AnswerIsNoObject'],
    ['no reason is told', { status: 400, body: '{}' }, 'undefined'],
  ])('lets the SDK send, and tells it, where %s', async (_, answer, reason) => {
    const { client, service } = await listeningClient();
    const { preparing, sent, unused } = scriptedPost(answer);

    await preparedUpdates({ client, name: 'connections' }, preparing)().send(input);

    expect(service.requests.map(({ body }) => body)).toEqual(sent.map(({ body }) => body));
    expect(sent).toHaveLength(1);
    expect(unused).toEqual([reason]);
  });

  it('lets the SDK send to an endpoint that has a path', async () => {
    const { client, service } = await listeningClient('/gateway');
    const { preparing, opened, unused } = scriptedPost();

    await preparedUpdates({ client, name: 'connections' }, preparing)().send(input);

    expect(opened).toEqual([]);
    expect(service.requests).toHaveLength(1);
    expect(unused).toEqual(['EndpointHasPath']);
  });

  it('lets the SDK send, and say why it cannot, where there is nothing to sign with', async () => {
    const credentials = async () => {
      throw Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' });
    };
    const { preparing, opened, unused } = scriptedPost();
    const client = newClient({ ...nobodyListens, credentials });

    const update = preparedUpdates({ client, name: 'connections' }, preparing)();

    await expect(update.send(input)).rejects.toThrow('no credentials');
    expect(opened).toEqual([]);
    expect(unused).toEqual(['CredentialsProviderError']);
  });

  it.each(['com.amazonaws.dynamodb.v20120810#', ''])(
    'fails, and is not sent again, when its condition does not hold (%s)',
    async (prefix) => {
      const { client, service } = await listeningClient();
      const answer = refusal(`${prefix}ConditionalCheckFailedException`);
      const { preparing, unused } = scriptedPost(answer);
      const update = preparedUpdates({ client, name: 'connections' }, preparing)();

      await expect(update.send(input)).rejects.toBeInstanceOf(ConditionalCheckFailedException);
      expect(service.requests).toEqual([]);
      expect(unused).toEqual([]);
    },
  );

  it('says nothing of what could not be prepared, whenever it is dropped', async () => {
    const failures: unknown[] = [];
    const note = (reason: unknown) => failures.push(reason);
    process.on('unhandledRejection', note);
    endings.push(() => process.off('unhandledRejection', note));
    let asked = 0;
    const credentials = async () => {
      asked += 1;
      throw new Error('no credentials');
    };
    const client = newClient({ ...nobodyListens, credentials });
    const prepareUpdate = preparedUpdates(
      { client, name: 'connections' },
      scriptedPost().preparing,
    );

    prepareUpdate().drop();
    const later = prepareUpdate();
    await expect.poll(() => asked).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    later.drop();
    await new Promise((resolve) => setImmediate(resolve));

    expect(failures).toEqual([]);
  });

  it('gives its request up when it is dropped after that', async () => {
    const { preparing, opened, drops } = scriptedPost();
    const update = preparedUpdates({ client: newClient(), name: 'connections' }, preparing)();
    await expect.poll(() => opened).toHaveLength(1);

    update.drop();

    await expect.poll(() => drops).toEqual(['127.0.0.1']);
  });
});
