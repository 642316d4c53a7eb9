/**
 * Hands a valid access token to a caller; has it refreshed first where that is needed.
 *
 * Sees access tokens and nothing else: refreshing is another function's work, with other rights.
 *
 * @module
 */
import { Fault, type FaultCode, isFault } from '../fault.ts';
import { later, seconds } from '../time.ts';
import type { RefreshReply, TokenStore } from './ports.ts';
import { isRejected } from './rejected-token.ts';
import { isAlive, judge, openToken } from './token-fitness.ts';
import {
  type Held,
  isSettled,
  serve,
  settle,
  unknown,
  type VendedToken,
  type VendPorts,
  type VendRequest,
} from './vended-token.ts';

/** How long a claim keeps others from asking for the same refresh. */
const claimSeconds = seconds(30);
const pollMs = 100;
const longestPollMs = 1000;
/** What may fail of our own on the way to a newer token. */
const failuresOfOurs: ReadonlySet<FaultCode> = new Set([
  'STORE_UNAVAILABLE',
  'KEY_RING_INVALID',
  'SEALED_VALUE_INVALID',
]);
/** A refresh that is asked for is given at least this long to be taken on. */
const leastInvokeMs = 500;

/**
 * Vends an access token that lives long enough, or the best that there is.
 *
 * A token that is alive is never withheld: when it cannot be refreshed it comes with a warning. Of
 * any number of callers that ask at once for an expired token, one has it refreshed; the others
 * wait for its result.
 *
 * @throws {Fault} `UNKNOWN_CLIENT`, `UNKNOWN_CONNECTION`, `REAUTHORIZATION_REQUIRED`,
 *   `TEMPORARILY_UNAVAILABLE` with the time to wait, `STORE_UNAVAILABLE`.
 */
export async function vendAccessToken(
  ports: VendPorts,
  request: VendRequest,
): Promise<VendedToken> {
  // A caller whose token was refused wants to know what is stored, not what is remembered.
  const cached = request.rejectedTokenSha256 ? undefined : ports.cache.read(request, ports.clock);
  if (cached && judge(ports.clock, request, cached) !== 'refresh')
    return serve(ports, request, cached);

  const deadlineMs = ports.clock.monotonicMs() + request.maxWaitSeconds * 1000;
  const seen = await look(ports, request, { consistent: false, deadlineMs });
  if (seen.isRevoked) throw unknown(request);
  if (seen.open && judge(ports.clock, request, seen.open) !== 'refresh') {
    return serve(ports, request, seen.open);
  }
  try {
    // An eventually consistent read may have missed a newer token.
    const held = await look(ports, request, { consistent: true, deadlineMs });
    if (held.isRevoked) throw unknown(request);
    if (held.open && judge(ports.clock, request, held.open) !== 'refresh') {
      return serve(ports, request, held.open);
    }
    // Without a row nothing can be claimed, and a name may be made up.
    if (!held.row) ports.unknownConnections.assertWorthAsking(request, ports.clock);
    return await seekNewer(ports, request, held);
  } catch (error) {
    // A token that is alive is not withheld because something beside it fails.
    const isOurs = isFault(error) && failuresOfOurs.has(error.code);
    const { open } = seen;
    if (isOurs && open && isAlive(ports.clock, open.token)) return settle(ports, request, seen);
    throw error;
  }
}

/** Reads the stored token, and opens it where there is one. */
async function look(
  ports: VendPorts,
  request: VendRequest,
  { consistent, deadlineMs }: { readonly consistent: boolean; readonly deadlineMs: number },
): Promise<Held & { readonly isRevoked: boolean }> {
  // A new container has no keys yet: they are fetched meanwhile. Opening tells of a failure.
  ports.sealer.ready('access_token').catch(() => {});
  const found = await ports.tokens.read(request, consistent);
  const row = found?.state === 'revoked' ? undefined : found;
  const open = row && (await openToken(ports, row));
  return { row, open, status: row, deadlineMs, isRevoked: found?.state === 'revoked' };
}

async function seekNewer(ports: VendPorts, request: VendRequest, held: Held): Promise<VendedToken> {
  const { row } = held;
  const now = ports.clock.now();
  if (isSettled(held.status, now)) return settle(ports, request, held);
  // Without a row there is nothing to claim on; `refresh` says what this connection is.
  const claim = { by: ports.randomToken(), until: later(now, claimSeconds), now };
  if (row && (await ports.tokens.claim(request, row.fence, claim)) === 'lost') {
    return awaitOther(ports, request, held);
  }
  return haveRefreshed(ports, request, held);
}

/** We hold the claim: `refresh` is ours to invoke, and its answer is the caller's. */
async function haveRefreshed(
  ports: VendPorts,
  request: VendRequest,
  held: Held,
): Promise<VendedToken> {
  const { client, connection } = request;
  const seen = held.row ? { seenFence: held.row.fence } : {};
  for (let round = 0; ; round += 1) {
    const leftMs = Math.max(remainingMs(ports, held), leastInvokeMs);
    const reply = await ports.refresher.invoke({ client, connection, ...seen }, leftMs);
    if (reply === undefined) return settleAsStored(ports, request, held);
    if (reply !== 'busy') return takeReply(ports, request, { ...held, reply });
    if (!(await pause(ports, held, round))) return settle(ports, request, held);
  }
}

/** No answer came in time: it may have been stored all the same. */
async function settleAsStored(
  ports: VendPorts,
  request: VendRequest,
  held: Held,
): Promise<VendedToken> {
  const stored = await look(ports, request, { consistent: true, deadlineMs: held.deadlineMs });
  if (stored.isRevoked) throw unknown(request);
  return settle(ports, request, stored);
}

async function takeReply(
  ports: VendPorts,
  request: VendRequest,
  { reply, ...held }: Held & { readonly reply: RefreshReply },
): Promise<VendedToken> {
  const { outcome, token, ...status } = reply;
  ports.unknownConnections.keep(request, outcome);
  if (outcome === 'unknown_client') throw new Fault('UNKNOWN_CLIENT', { client: request.client });
  if (outcome === 'unknown_connection') throw unknown(request);
  const open = token ? await openToken(ports, token) : held.open;
  const next = { ...held, open, row: token ?? held.row, status };
  return outcome === 'in_progress'
    ? awaitOther(ports, request, next)
    : settle(ports, request, next);
}

/** A poll that fails is no reason to give up: there is time for the next. */
async function readAgain(
  { tokens }: VendPorts,
  request: VendRequest,
): Promise<Awaited<ReturnType<TokenStore['read']>>> {
  try {
    return await tokens.read(request, true);
  } catch (error) {
    if (isFault(error) && error.code === 'STORE_UNAVAILABLE') return undefined;
    throw error;
  }
}

/** Somebody else is having it refreshed: the living token serves, or we wait for a newer one. */
async function awaitOther(
  ports: VendPorts,
  request: VendRequest,
  held: Held,
): Promise<VendedToken> {
  const old = held.open;
  if (old && !isRejected(request, old) && isAlive(ports.clock, old.token)) {
    return settle(ports, request, held);
  }
  for (let round = 0; await pause(ports, held, round); round += 1) {
    const row = await readAgain(ports, request);
    if (row?.state === 'revoked') throw unknown(request);
    if (!row) continue;
    const isNewer = row.fence > (held.row?.fence ?? -1);
    // A newer row without a token is a new grant: the old token is not its token.
    const open = isNewer ? await openToken(ports, row) : held.open;
    if ((isNewer && row.sealed) || isSettled(row, ports.clock.now())) {
      return settle(ports, request, { ...held, row, open, status: row });
    }
  }
  return settle(ports, request, held);
}

/** Waits a little, longer each round, with jitter. False when there is no time left. */
async function pause(ports: VendPorts, held: Held, round: number): Promise<boolean> {
  const leftMs = remainingMs(ports, held);
  if (leftMs <= 0) return false;
  const ceilingMs = Math.min(pollMs * 2 ** round, longestPollMs);
  await ports.clock.sleep(Math.min(leftMs, Math.ceil(ceilingMs * (0.5 + ports.random() / 2))));
  return true;
}

function remainingMs({ clock }: VendPorts, { deadlineMs }: Held): number {
  return deadlineMs - clock.monotonicMs();
}
