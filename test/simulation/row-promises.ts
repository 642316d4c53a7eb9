/**
 * What is promised of every single change of a connection's row.
 *
 * @module
 */
import { isLive } from '../../lib/broker/establish-connection.ts';
import type { Connection } from '../../lib/broker/ports.ts';
import { readRenewalCredential } from '../../lib/broker/renewal-credential.ts';
import type { ConnectionChange } from './observed-stores.ts';
import type { Surroundings, Violate } from './watch.ts';

export function assertChange(
  around: Surroundings,
  change: ConnectionChange,
  violate: Violate,
): void {
  assertFencesGrow(change, violate);
  assertNotRevived(change, violate);
  assertGrantKept(around, change, violate);
  if (change.method === 'acquire') assertNotTooSoon(around, change, violate);
}

function assertFencesGrow({ key, method, before, after }: ConnectionChange, violate: Violate) {
  if (!before) return;
  const lowered = (name: string) => violate('I3', `${method} lowered ${name} of ${key}`);
  if (!after || after.fence < before.fence) return lowered('fence');
  if (!isLive(before) || !isLive(after)) return undefined;
  if (after.committedFence < before.committedFence) return lowered('committed_fence');
  if (after.credentialFence < before.credentialFence) return lowered('credential_fence');
  const isReplaced = after.sealedCredential !== before.sealedCredential;
  if (isReplaced && after.credentialFence === before.credentialFence) {
    violate('I3', `${method} replaced the credential of ${key} under one fence`);
  }
  if (method === 'commitLate' && after.committedFence === before.committedFence) {
    violate('I11', `${key}: an answer that was kept before changed the row again`);
  }
  return undefined;
}

function assertNotRevived({ key, method, before, after }: ConnectionChange, violate: Violate) {
  if (before && !isLive(before) && isLive(after) && method !== 'connect') {
    violate('I10', `${method} revived ${key}`);
  }
}

/** Only a reconnect replaces a grant; what an older grant still brings changes nothing. */
function assertGrantKept(
  around: Surroundings,
  { key, method, before, after }: ConnectionChange,
  violate: Violate,
): void {
  if (!isLive(before) || !isLive(after) || method === 'connect') return;
  const grantIn = (row: Connection) => {
    const refreshToken = readRefreshToken(around, row.sealedCredential);
    return refreshToken && around.providerOf(key).grantOf(refreshToken)?.id;
  };
  const [old, current] = [grantIn(before), grantIn(after)];
  if (old !== undefined && current !== undefined && current < old) {
    violate('I10', `${method} brought an older grant of ${key} back`);
  }
}

/** An attempt may not begin before the moment to which a failure has put it off. */
function assertNotTooSoon(
  around: Surroundings,
  { key, before }: ConnectionChange,
  violate: Violate,
) {
  if (!isLive(before) || before.state !== 'failing' || before.refreshAt === undefined) return;
  const early = before.refreshAt - around.nowAt();
  if (early > 6) violate('V3', `${key} is tried ${early} s before it is due`);
}

/** Whether the provider would take the refresh token in the row. */
export function holdsValidCredential(around: Surroundings, key: string, row: Connection): boolean {
  const refreshToken = readRefreshToken(around, row.sealedCredential);
  return refreshToken !== undefined && around.providerOf(key).accepts(refreshToken);
}

/** The refresh token in a sealed credential, as only the observer may read it. */
export function readRefreshToken(
  { sealer }: Pick<Surroundings, 'sealer'>,
  sealed: string | undefined,
): string | undefined {
  const content = sealed === undefined ? undefined : sealer.peek(sealed);
  if (content === undefined) return undefined;
  return readRenewalCredential(content).refreshToken?.reveal();
}
