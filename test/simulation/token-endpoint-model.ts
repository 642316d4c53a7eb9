import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type {
  RequestToken,
  TokenAnswer,
  TokenOutcome,
  TokenRequest,
} from '../../lib/oauth/token-endpoint.ts';
import { Secret } from '../../lib/secret.ts';
import { type Clock, later, seconds } from '../../lib/time.ts';
import type { Invocation } from './invocation.ts';
import type { Issued, ProviderModel } from './provider-model.ts';
import type { Conduct } from './weather.ts';
import type { World } from './world.ts';

const timedOut: TokenOutcome = { outcome: 'unavailable', trouble: 'timeout', undecided: true };

/** The token endpoint as one invocation reaches it, for one connection. */
export function tokenEndpointModel(
  world: World,
  invocation: Invocation,
  address: ConnectionKey,
): RequestToken {
  const key = keyText(address);
  return async (_client, request, timeoutMs) => {
    const sentAt = invocation.clock.now();
    const ended = noteSending(world, request, address);
    invocation.onKill(ended);
    let issued: Issued | undefined;
    const carryOut = (found: Issued | undefined): TokenOutcome => {
      issued = found;
      return found ? granted(world.providerOf(key), found, sentAt) : { outcome: 'grant_refused' };
    };
    const outcome = await invocation.call<TokenOutcome>(
      'provider.token',
      () => conductRequest(world, { key, request, carryOut }),
      { ms: timeoutMs, ending: timedOut },
    );
    ended();
    if (outcome.outcome === 'granted' && issued?.rotation) {
      issued.rotation.isHeard = () => !invocation.hasCrashed();
    }
    return outcome;
  };
}

function noteSending(world: World, request: TokenRequest, address: ConnectionKey): () => void {
  if (request.grantType !== 'refresh_token') return () => undefined;
  const key = keyText(address);
  world.count('refreshes');
  for (const bystander of world.bystanders) bystander(address);
  return world.watch.refreshTokenSent(key, request.refreshToken.reveal());
}

interface Exchange {
  readonly key: string;
  readonly request: TokenRequest;
  readonly carryOut: (issued: Issued | undefined) => TokenOutcome;
}

async function conductRequest(world: World, exchange: Exchange): Promise<TokenOutcome> {
  const conduct = conductNow(world, exchange.key);
  const { timeline } = world;
  timeline.trace(`  provider: ${conduct.kind}`);
  const wait = (ms: number) => new Promise<void>((resolve) => timeline.plan(ms, resolve));
  const carryOut = () => {
    const provider = world.providerOf(exchange.key);
    const outcome = exchange.carryOut(provider.exchange(exchange.request));
    timeline.trace(`  provider carries it out: ${outcome.outcome}`);
    return outcome;
  };
  if (conduct.kind !== 'slow') return answerAtOnce(conduct, carryOut);
  if (conduct.carriedOut === 'last') {
    await wait(conduct.latencyMs);
    return carryOut();
  }
  const outcome = carryOut();
  await wait(conduct.latencyMs);
  return outcome;
}

function conductNow({ conditions, weather }: World, key: string): Conduct {
  if (conditions.clientRefused) return { kind: 'client_refused' };
  if (conditions.providerDown) return { kind: 'error_500', carriedOut: false };
  return weather.conduct(key);
}

function answerAtOnce(
  conduct: Exclude<Conduct, { kind: 'slow' }>,
  carryOut: () => TokenOutcome,
): TokenOutcome {
  const unavailable = { outcome: 'unavailable' } as const;
  switch (conduct.kind) {
    case 'prompt':
      return carryOut();
    case 'unreachable':
      return { ...unavailable, trouble: 'network', undecided: false };
    case 'answer_cut_off':
      carryOut();
      return { ...unavailable, trouble: 'network', undecided: true };
    case 'error_500':
      if (conduct.carriedOut) carryOut();
      return { ...unavailable, trouble: 'http_status', httpStatus: 500, undecided: true };
    case 'html':
      if (conduct.carriedOut) carryOut();
      return { outcome: 'answer_invalid', trouble: 'media_type', httpStatus: 200 };
    case 'rate_limited':
      return {
        ...unavailable,
        trouble: 'rate_limited',
        httpStatus: 429,
        retryAfterSeconds: conduct.retryAfterSeconds,
        undecided: false,
      };
    case 'client_refused':
      return { outcome: 'client_refused' };
    default:
      return conduct satisfies never;
  }
}

function granted(
  provider: ProviderModel,
  issued: Issued,
  sentAt: ReturnType<Clock['now']>,
): TokenOutcome {
  return { outcome: 'granted', answer: tokenAnswer(provider, issued, sentAt) };
}

/** An answer of this provider, as the protocol layer hands it on. */
export function tokenAnswer(
  { lifetimeSeconds }: ProviderModel,
  { accessToken, refreshToken }: Issued,
  sentAt: ReturnType<Clock['now']>,
): TokenAnswer {
  return {
    accessToken: new Secret('access_token', accessToken),
    ...(refreshToken !== undefined && { refreshToken: new Secret('refresh_token', refreshToken) }),
    tokenType: 'Bearer',
    expiresAt: later(sentAt, seconds(lifetimeSeconds)),
    expirySource: 'expires_in',
    values: {},
    obtainedAt: sentAt,
  };
}
