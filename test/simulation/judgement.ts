import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection } from '../../lib/broker/ports.ts';
import type { VendedToken } from '../../lib/broker/vend-access-token.ts';
import { type FaultCode, isFault } from '../../lib/fault.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { seconds } from '../../lib/time.ts';
import type { Functions } from './functions.ts';
import type { Rotation } from './provider-model.ts';
import { readRefreshToken } from './watch.ts';
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
  const expect = (codes: readonly (FaultCode | 'vended' | 'silent')[]) => {
    if (codes.includes(ending)) return;
    world.watch.violate('V1', `${name} is ${verdict}, and vending it ends with ${ending}`);
  };
  world.timeline.trace(`${name} ${verdict}: ${ending}`);
  switch (verdict) {
    case 'fresh':
      expect(['vended']);
      if (isLive(row) && row.state !== 'active') {
        world.watch.violate('V1', `${name} could be refreshed and is ${row.state}`);
      }
      break;
    case 'disconnected':
      expect(['UNKNOWN_CONNECTION']);
      break;
    case 'withdrawn':
      // Nobody knows before the next refresh.
      expect(['REAUTHORIZATION_REQUIRED', 'vended']);
      break;
    case 'unavoidable_loss':
      expect(['REAUTHORIZATION_REQUIRED']);
      if (isLive(row) && row.reason !== 'answer_lost') {
        world.watch.violate('I6', `${name} lost an answer, and the reason says ${row.reason}`);
      }
      break;
    case 'avoidable_loss':
      world.watch.violate('I6', `${name} was lost although that could be avoided`);
      break;
    default:
      verdict satisfies never;
  }
  return verdict;
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
  return hadNoOtherChance(world, provider.graceSeconds, rotations) ? 'unavoidable_loss' : 'avoidable_loss';
}

/** Nobody heard it, or whoever did was killed before it could be stored. */
function wasLost({ isHeard, isDurable }: Rotation): boolean {
  return !isDurable && !isHeard();
}

/** Within its grace the old token could have been sent again, but for a second fault. */
function hadNoOtherChance(
  world: World,
  graceSeconds: number,
  [first]: readonly Rotation[],
): boolean {
  if (!first) return false;
  const graceEndsMs = first.atMs + graceSeconds * 1000;
  const faults = world.faultTimesMs.filter((atMs) => atMs >= first.atMs && atMs < graceEndsMs);
  // The first is the one that lost the answer.
  return faults.length > 1;
}

async function vendNow(
  world: World,
  functions: Functions,
  key: ConnectionKey,
): Promise<FaultCode | 'vended' | 'silent'> {
  const request = { ...key, minTtlSeconds: seconds(60), maxWaitSeconds: seconds(20) };
  let ending: FaultCode | 'vended' | 'silent' = 'silent';
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
