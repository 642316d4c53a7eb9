import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection } from '../../lib/broker/ports.ts';
import type { VendedToken } from '../../lib/broker/vended-token.ts';
import { type FaultCode, isFault } from '../../lib/fault.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { seconds } from '../../lib/time.ts';
import type { Functions } from './functions.ts';
import type { Rotation } from './provider-model.ts';
import { readRefreshToken } from './row-promises.ts';
import type { World } from './world.ts';

/** How a connection came out of a history. */
export type Verdict =
  | 'fresh'
  | 'disconnected'
  /** Its resource owner took the grant back. */
  | 'withdrawn'
  /** The provider replaced its refresh token, and nobody could hear the answer. */
  | 'unavoidable_loss'
  | 'avoidable_loss';

/**
 * Judges one connection when all is calm, by what the provider knows, and has it vended.
 *
 * A loss is unavoidable only if every answer that replaced the refresh token we hold was lost
 * between the provider and the first write of ours.
 */
export async function judgeConnection(
  world: World,
  functions: Functions,
  key: ConnectionKey,
): Promise<Verdict> {
  const name = keyText(key);
  const ending = await vendNow(world, functions, key);
  const row = world.stores.connectionRows.get(name);
  const verdict = isLive(row) ? judgeRow(world, row) : 'disconnected';
  const expect = (codes: readonly Ending[]) => {
    if (codes.includes(ending)) return;
    world.watch.violate('V1', `${name} is ${verdict}, and vending it ends with ${ending}`);
  };
  world.timeline.trace(`${name} ${verdict}: ${ending}`);
  expect(endings[verdict]);
  if (isLive(row)) assertRowTells(world, row, verdict);
  return verdict;
}

type Ending = FaultCode | 'vended' | 'silent';

/** How vending may end, by what the provider knows. */
const endings: Readonly<Record<Verdict, readonly Ending[]>> = {
  fresh: ['vended'],
  disconnected: ['UNKNOWN_CONNECTION'],
  // Nobody knows before the next refresh.
  withdrawn: ['REAUTHORIZATION_REQUIRED', 'vended'],
  unavoidable_loss: ['REAUTHORIZATION_REQUIRED'],
  avoidable_loss: ['REAUTHORIZATION_REQUIRED', 'vended'],
};

/** What the row says must be what happened (I6, V1). */
function assertRowTells({ watch }: World, row: Connection, verdict: Verdict): void {
  const name = keyText(row);
  if (verdict === 'fresh' && row.state !== 'active') {
    watch.violate('V1', `${name} could be refreshed and is ${row.state}`);
  }
  if (verdict === 'unavoidable_loss' && row.reason !== 'answer_lost') {
    watch.violate('I6', `${name} lost an answer, and the reason says ${row.reason}`);
  }
  if (verdict === 'avoidable_loss') {
    watch.violate('I6', `${name} was lost although that could be avoided`);
  }
}

function judgeRow(world: World, row: Connection): Verdict {
  const provider = world.providerOf(keyText(row));
  const refreshToken = readRefreshToken(world, row.sealedCredential);
  if (refreshToken === undefined) return 'avoidable_loss';
  if (provider.accepts(refreshToken)) return 'fresh';
  const grant = provider.grantOf(refreshToken);
  if (grant?.withdrawn) return 'withdrawn';
  const rotations = provider.rotationsFrom(refreshToken);
  const isLost = rotations.length > 0 && rotations.every(wasLost);
  if (!isLost) return 'avoidable_loss';
  if (provider.rotationClass !== 'grace') return 'unavoidable_loss';
  return hadNoOtherChance(world, provider.graceSeconds, rotations)
    ? 'unavoidable_loss'
    : 'avoidable_loss';
}

/** Nobody heard it, or whoever did was killed before it could be stored. */
function wasLost({ isHeard, isDurable }: Rotation): boolean {
  return !isDurable && !isHeard();
}

/**
 * Within its grace the old token could have been sent again, but for a second fault: one that happened
 * then, or one that had begun before and lasted.
 */
function hadNoOtherChance(
  world: World,
  graceSeconds: number,
  [first]: readonly Rotation[],
): boolean {
  if (!first) return false;
  const graceEndsMs = first.atMs + graceSeconds * 1000;
  const faults = world.faultSpans.filter(
    ({ fromMs, toMs }) => fromMs < graceEndsMs && toMs >= first.atMs,
  );
  // The first is the one that lost the answer.
  return faults.length > 1;
}

async function vendNow(world: World, functions: Functions, key: ConnectionKey): Promise<Ending> {
  const request = { ...key, minTtlSeconds: seconds(60), maxWaitSeconds: seconds(20) };
  let ending: Ending = 'silent';
  functions.vend(request).then(
    (vended) => {
      ending = 'vended';
      assertUsable(world, key, vended);
    },
    (error) => {
      if (!isFault(error)) throw error;
      ending = error.code;
    },
  );
  await world.timeline.runUntil(world.timeline.elapsedMs() + 40_000);
  return ending;
}

/** What is vended when all is calm is a token that the provider's API takes. */
function assertUsable(world: World, key: ConnectionKey, { token, accessToken }: VendedToken): void {
  const grant = world.providerOf(keyText(key)).grantOf(accessToken.reveal());
  if (grant?.owner !== keyText(key)) world.watch.violate('I5', 'a token of another connection');
  if (token.expiresAt !== undefined && token.expiresAt <= world.nowAt()) {
    world.watch.violate('I5', `an expired token of ${keyText(key)} in fair weather`);
  }
}
