/**
 * A strictly rotating provider in a process of its own: `POST /{client}/token` is its token endpoint,
 * `POST /{client}/revoke` its revocation endpoint, everything under `/control/` is for the measurement.
 *
 * @module
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { loopback } from '../../local/http-server.ts';
import { localUrl } from '../../local/ports.ts';
import { announce } from './child.ts';
import type { Behaviour, Kill, TokenCall } from './provider-control.ts';
import { type Grant, strictLedger } from './strict-ledger.ts';

type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

const ledger = strictLedger();
const behaviours = new Map<string, Behaviour>();
const kills = new Map<string, Kill>();
const calls: Mutable<TokenCall>[] = [];
const held = new Map<string, PromiseWithResolvers<void>[]>();
const undecided = new Map<string, number>();

interface Issue {
  readonly families: readonly string[];
  readonly token_bytes?: number;
}

const plain: Behaviour = { latency_ms: 0, replaces: 'when_answering', expires_in: 3600 };

const controls: Readonly<Record<string, (message: never) => unknown>> = {
  issue: ({ families, token_bytes: bytes }: Issue) =>
    families.map((family) => ledger.issue(family, bytes)),
  behave: ({ client, ...behaviour }: Behaviour & { readonly client: string }) => {
    behaviours.set(client, behaviour);
    return {};
  },
  kill: (kill: Kill) => {
    kills.set(kill.family, kill);
    return {};
  },
  strikes: () => struckAfterMs,
  spare: ({ family }: { readonly family: string }) => ({ spared: kills.delete(family) }),
  calls: ({ client }: { readonly client: string }) =>
    calls.filter((call) => call.client === client),
  count: () => Object.fromEntries(counts),
  states: ({ families }: { readonly families: readonly string[] }) => families.map(ledger.state),
  held: ({ client }: { readonly client: string }) => held.get(client)?.length ?? 0,
  release: ({ client }: { readonly client: string }) => {
    for (const { resolve } of held.get(client) ?? []) resolve();
    held.delete(client);
    return {};
  },
};

/** How many milliseconds after the answer each family's kill came. */
const struckAfterMs: Record<string, number> = {};
const nothing = new Int32Array(new SharedArrayBuffer(4));
/** By how much a wait may come late. */
const spinMs = 0.4;

/** Successful refreshes by client. */
const counts = new Map<string, number>();

const server = createServer(async (request, response) => {
  const body = await text(request);
  const [, first = '', second = ''] = (request.url ?? '').split('/');
  if (first === 'control') {
    const answer = controls[second]?.(JSON.parse(body) as never);
    response.end(JSON.stringify(answer));
  } else {
    const parameters = new URLSearchParams(body);
    const code = parameters.get('code');
    if (second === 'revoke') response.end();
    else if (code !== null) answerGrant(response, ledger.issue(code));
    else await answerTokenRequest(first, parameters.get('refresh_token') ?? '', response);
  }
});
server.listen(0, loopback, () => announce(localUrl((server.address() as AddressInfo).port)));

/** A code stands for a grant of its name (RFC 6749 §4.1.4). */
function answerGrant(response: ServerResponse, grant: Grant): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(buildAnswer(grant, plain.expires_in)));
}

function buildAnswer(grant: Grant, expiresIn: number): object {
  return { ...grant, family: undefined, token_type: 'Bearer', expires_in: expiresIn };
}

async function answerTokenRequest(
  client: string,
  refreshToken: string,
  response: ServerResponse,
): Promise<void> {
  const { latency_ms: latencyMs, replaces, expires_in, holds } = behaviours.get(client) ?? plain;
  const family = ledger.familyOf(refreshToken) ?? 'unknown';
  const others = undecided.get(refreshToken) ?? 0;
  undecided.set(refreshToken, others + 1);
  const call: Mutable<TokenCall> = {
    ...{ client, family, token: refreshToken.slice(0, refreshToken.lastIndexOf('.')) },
    ...{ came_at_ms: Date.now(), outcome: 'abandoned', overlapped: others > 0 },
  };
  calls.push(call);

  const early = replaces === 'on_arrival' ? ledger.rotate(refreshToken) : undefined;
  if (latencyMs > 0) await sleep(latencyMs);
  if (holds) await hold(client);
  const isHeard = !response.destroyed;
  undecided.set(refreshToken, (undecided.get(refreshToken) ?? 1) - 1);
  call.answered_at_ms = Date.now();
  if (!isHeard && replaces === 'if_heard') return;

  const grant = replaces === 'on_arrival' ? early : ledger.rotate(refreshToken);
  call.outcome = grant ? (isHeard ? 'answered' : 'replaced_unheard') : 'refused';
  if (grant) counts.set(client, (counts.get(client) ?? 0) + 1);
  const answer = grant ? buildAnswer(grant, expires_in) : { error: 'invalid_grant' };
  response.writeHead(grant ? 200 : 400, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer), () => killAfter(family));
}

function hold(client: string): Promise<void> {
  const holding = Promise.withResolvers<void>();
  held.set(client, [...(held.get(client) ?? []), holding]);
  return holding.promise;
}

/**
 * Kills the process that waits for this answer, so many milliseconds after the answer went out.
 * From here, since word to another process would itself take a millisecond.
 */
function killAfter(family: string): void {
  const flushedMs = performance.now();
  const kill = kills.get(family);
  if (!kill) return;
  kills.delete(family);
  const passedMs = () => performance.now() - flushedMs;
  const strike = () => {
    // A timer is only as exact as its millisecond, and who only spins takes a processor from its victim.
    const waitMs = kill.after_ms - spinMs - passedMs();
    if (waitMs > 0) Atomics.wait(nothing, 0, 0, waitMs);
    while (passedMs() < kill.after_ms);
    try {
      process.kill(kill.pid, 'SIGKILL');
      struckAfterMs[family] = passedMs();
    } catch {
      // It has ended already.
    }
  };
  if (kill.after_ms < 2) strike();
  else setTimeout(strike, kill.after_ms - 1);
}
