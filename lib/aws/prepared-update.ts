/**
 * An update whose request is there before it is known what it says: the SDK has built it, with
 * endpoint, credentials and headers, and it has its connection. So the write of an answer that nobody
 * else has is out a millisecond sooner than through all of the SDK's steps.
 *
 * @module
 */
import {
  ConditionalCheckFailedException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { requestLimits } from '#request-limits';
import { lateSignature } from './late-signature.ts';
import type { OpenPost, OpenRequest, PostAnswer, RequestHead } from './open-request.ts';
import type { Table } from './row.ts';
import { errorName } from './store-fault.ts';

const { dynamodbMs: limitMs } = requestLimits;

export interface PreparedUpdate {
  /**
   * Sends the update, once. Whatever comes of it but that it is done, or that its condition does not
   * hold, has the SDK send it too.
   *
   * @throws whatever the SDK throws.
   */
  readonly send: (input: UpdateItemCommandInput) => Promise<unknown>;
  /** Gives up what was not sent. */
  readonly drop: () => void;
}

/** How updates are prepared. */
export interface Preparing {
  readonly openPost: OpenPost;
  /** Is told why the SDK has to send one that was prepared. */
  readonly unused: (reason: string) => void;
}

interface Signable {
  readonly request: OpenRequest;
  readonly sign: (body: string) => string;
}

/** @returns what prepares an update. It returns at once; the update is prepared meanwhile. */
export function preparedUpdates(
  table: Table,
  { openPost, unused }: Preparing,
): () => PreparedUpdate {
  const { client } = table;
  const buildRequest = requestBuilder(table);

  const prepare = async (): Promise<Signable> => {
    const { headers, path, ...place } = await buildRequest();
    // What is signed late is a request to the root: so is every one of DynamoDB's, without a gateway.
    if (path !== '/') throw failure('EndpointHasPath');
    const { secretAccessKey } = await client.config.credentials();
    const sign = lateSignature(headers, secretAccessKey);
    return { sign, request: openPost({ ...place, headers: early(headers) }, limitMs) };
  };

  return () => {
    const preparing = prepare();
    // Why, is asked when it is needed.
    preparing.catch(() => undefined);
    return {
      send: async (input) => {
        try {
          return await sendPrepared(await preparing, input);
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) throw error;
          unused(reasonOf(error));
          return client.send(new UpdateItemCommand(input));
        }
      },
      drop: () => {
        preparing.then(
          ({ request }) => request.drop(),
          () => undefined,
        );
      },
    };
  };
}

/** @returns what has the SDK build and sign the request of an update that says nothing yet. */
function requestBuilder({ client, name }: Table): () => Promise<BuiltRequest> {
  const command = new UpdateItemCommand({ TableName: name, Key: {} });
  command.middlewareStack.add(
    () =>
      async ({ request }) => ({ response: request, output: { $metadata: {} } }),
    { step: 'deserialize', priority: 'high', name: 'answerWithRequest' },
  );
  const send = command.resolveMiddleware(client.middlewareStack, client.config, {});
  return async () => {
    const { response } = (await send(command)) as { readonly response?: unknown };
    const { protocol, hostname, port, path, headers } = response as BuiltRequest;
    return { protocol, hostname, path, headers, ...(port !== undefined && { port }) };
  };
}

interface BuiltRequest extends RequestHead {
  readonly path: string;
}

/** Headers without those that depend on the body. */
function early(headers: RequestHead['headers']): RequestHead['headers'] {
  const late = ['authorization', 'content-length', 'x-amz-content-sha256'];
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !late.includes(name)));
}

/**
 * @throws {ConditionalCheckFailedException} when the condition does not hold; any other error when it
 *   is not known to be done.
 */
async function sendPrepared(
  { request, sign }: Signable,
  input: UpdateItemCommandInput,
): Promise<object> {
  // What the SDK makes of it too, as none of our values is binary.
  const body = JSON.stringify(input);
  const length = `${Buffer.byteLength(body)}`;
  const answer = await request.send({ 'content-length': length, authorization: sign(body) }, body);
  return readAnswer(answer);
}

function readAnswer({ status, body }: PostAnswer): object {
  const answer: unknown = JSON.parse(body);
  if (typeof answer !== 'object' || answer === null) throw failure('AnswerIsNoObject');
  if (status === 200) return answer;
  // Such as `com.amazonaws.dynamodb.v20120810#AccessDeniedException`.
  const name = String(Reflect.get(answer, '__type')).replace(/^.*#/, '');
  if (name === 'ConditionalCheckFailedException') {
    throw new ConditionalCheckFailedException({ message: name, $metadata: {} });
  }
  throw failure(name);
}

const failure = (name: string) => Object.assign(new Error(name), { name });

/** The system's code for an error, such as `ECONNRESET`, or its name. */
function reasonOf(error: unknown): string {
  const code: unknown = Reflect.get(Object(error), 'code');
  return typeof code === 'string' ? code : errorName(error);
}
