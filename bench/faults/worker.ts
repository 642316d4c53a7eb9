/**
 * Runs one built function as Lambda would, in a process of its own: the bundle is loaded once, and
 * invoked over loopback.
 *
 * `POST /invoke` is one invocation. `POST /invoke-many` is any number of one event, of which so many
 * at once are in the handler. `POST /clock` sets the wall clock forward; the monotonic one stays.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { type Reply, startHttpServer } from '../../local/http-server.ts';
import { announce } from './child.ts';
import { inParallel } from './in-parallel.ts';
import { countEach } from './statistics.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;

const [bundleFile = '', functionName = '', timeoutText = ''] = process.argv.slice(2);
const timeoutMs = Number(timeoutText) * 1000;

let aheadMs = 0;
const wallClock = Date.now;
Date.now = () => wallClock() + aheadMs;

const { handler } = createRequire(import.meta.url)(bundleFile) as { readonly handler: Handler };

interface ManyInvocations {
  readonly event: unknown;
  readonly times: number;
  readonly at_once: number;
}

const routes: Readonly<Record<string, (message: unknown) => Promise<Reply>>> = {
  '/invoke': async (event) => {
    try {
      return reply((await invoke(event)) ?? null);
    } catch (error) {
      const errorMessage = error instanceof Error ? error.message : String(error);
      return { ...reply({ errorMessage }), headers: { 'x-amz-function-error': 'Unhandled' } };
    }
  },
  '/invoke-many': async (message) => reply(await invokeMany(message as ManyInvocations)),
  '/clock': async (message) => {
    aheadMs = (message as { readonly ahead_seconds: number }).ahead_seconds * 1000;
    return reply({});
  },
};

const { url } = await startHttpServer(
  (request, body) =>
    routes[request.url ?? '']?.(JSON.parse(body.toString('utf8'))) ?? { status: 404 },
  { port: 0, maxBodyBytes: 6 * 1024 * 1024 },
);
announce(url);

function reply(body: unknown): Reply {
  return { status: 200, body: JSON.stringify(body) };
}

/** One invocation, which fails when the function's own timeout is over. */
async function invoke(event: unknown): Promise<unknown> {
  const endMs = performance.now() + timeoutMs;
  const context = {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    memoryLimitInMB: '512',
    awsRequestId: crypto.randomUUID(),
    getRemainingTimeInMillis: () => endMs - performance.now(),
  };
  const { promise: timedOut, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('Task timed out')), timeoutMs);
  try {
    return await Promise.race([handler(event, context), timedOut]);
  } finally {
    clearTimeout(timer);
  }
}

async function invokeMany({ event, times, at_once: atOnce }: ManyInvocations) {
  const beganMs = performance.now();
  const answers = await inParallel(Array.from({ length: times }), atOnce, async () => {
    const enteredMs = performance.now();
    const answer = await invoke(event).catch(() => ({ error: 'function_error' }));
    const endedMs = performance.now();
    return { answer, waitedMs: endedMs - beganMs, handledMs: endedMs - enteredMs };
  });
  return {
    waited_ms: answers.map(({ waitedMs }) => waitedMs),
    handled_ms: answers.map(({ handledMs }) => handledMs),
    answers: countEach(answers.map(({ answer }) => describeAnswer(answer))),
  };
}

/** A vended token by its own text, since it is only this measurement's; a failure by its code. */
function describeAnswer(answer: unknown): string {
  const { access_token: token, error } = answer as Readonly<Record<string, unknown>>;
  return String(token ?? error);
}
