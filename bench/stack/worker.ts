/**
 * Runs one built function as Lambda would, in a process of its own: the bundle is loaded once, and
 * invoked over loopback.
 *
 * `POST /invoke` is one invocation. `POST /invoke-many` is any number of one event, of which so many
 * at once are in the handler; `POST /inside` tells how many are. `POST /measure` is many, one after the
 * other, and tells what they took; `POST /allocation` how much memory, `POST /usage` what the process
 * has used. `POST /clock` sets the wall clock forward; the monotonic one stays.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Reply, startHttpServer } from '../../local/http-server.ts';
import { announce } from './child.ts';
import { inParallel } from './in-parallel.ts';
import type { ManyAnswers, ManyInvocations } from './many-invocations.ts';
import {
  type Measurement,
  measureAllocation,
  measureInvocations,
  type Usage,
} from './measure-invocations.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;

const [bundleFile = '', functionName = '', timeoutText = ''] = process.argv.slice(2);
const timeoutMs = Number(timeoutText) * 1000;

let aheadMs = 0;
let inside = 0;
const wallClock = Date.now;
Date.now = () => wallClock() + aheadMs;

const { handler } = createRequire(import.meta.url)(bundleFile) as { readonly handler: Handler };

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
  '/inside': async () => reply(inside),
  '/measure': async (message) => reply(await measureInvocations(invoke, message as Measurement)),
  '/allocation': async (message) => reply(await measureAllocation(invoke, message as Measurement)),
  '/usage': async () => reply(readUsage()),
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

function readUsage(): Usage {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  return { cpu_ms: (user + system) / 1000, rss_bytes: rss, heap_bytes: heapUsed };
}

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
  inside += 1;
  try {
    return await Promise.race([handler(event, context), timedOut]);
  } finally {
    inside -= 1;
    clearTimeout(timer);
  }
}

async function invokeMany(many: ManyInvocations): Promise<ManyAnswers> {
  const { times, at_once: atOnce, apart_ms: apartMs } = many;
  const beganMs = performance.now();
  const turns = Array.from({ length: times }, (_, index) => index);
  const answers = await inParallel(turns, atOnce, async (turn) => {
    // Those that enter first do not all do so in the same millisecond.
    if (turn < atOnce) await sleep(turn * apartMs);
    const enteredMs = performance.now();
    const answer = await invokeUntilAnswered(many);
    const endedMs = performance.now();
    return { ...answer, enteredMs, endedMs };
  });
  const originMs = wallClock() - performance.now();
  return {
    answers: answers.map(({ answer }) => answer),
    tries: answers.map(({ tries }) => tries),
    asked_at_ms: originMs + beganMs,
    entered_at_ms: answers.map(({ enteredMs }) => originMs + enteredMs),
    ended_at_ms: answers.map(({ endedMs }) => originMs + endedMs),
  };
}

/** Whoever is told when to come back does so, as often as it may. */
async function invokeUntilAnswered({ event, most_tries: mostTries }: ManyInvocations) {
  for (let tries = 1; ; tries += 1) {
    const answer = await invoke(event).catch(() => ({ error: 'function_error' }));
    const { retry_after: later } = answer as { readonly retry_after?: number };
    if (later === undefined || tries >= mostTries) return { answer: describeAnswer(answer), tries };
    await sleep(1000);
  }
}

/** A vended token by its own text, since it is only this measurement's; a failure by its code. */
function describeAnswer(answer: unknown): string {
  const { access_token: token, error } = answer as Readonly<Record<string, unknown>>;
  return String(token ?? error);
}
