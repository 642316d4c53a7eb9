import { readSecretValue } from '../../lib/aws/secret-value.ts';
import { isFault } from '../../lib/fault.ts';
import { resolveClient } from '../../lib/providers/resolve-client.ts';
import { parseKeyRing } from '../../lib/sealing/key-ring.ts';
import { findRefusal } from '../check-client.ts';
import { type ListedClient, listClients, readClientSecret } from '../client-secrets.ts';
import type { Session } from '../session.ts';
import { openStores } from '../stores.ts';
import { type Check, type Diagnosis, looking, ok, wrong } from './diagnosis.ts';

/** Whether both key rings open, and every registration is valid and accepted. */
export const checkSecrets: Check = async (session) => {
  const rings = (['access-token', 'renewal'] as const).map((ring) => {
    const name = `evergrant/${session.stage()}/keys/${ring}`;
    return looking(name, () => lookAtRing(session, name, ring));
  });
  return [
    ...(await Promise.all(rings)).flat(),
    ...(await looking('clients', () => lookAtClients(session))),
  ];
};

async function lookAtRing(
  session: Session,
  name: string,
  ring: Parameters<typeof parseKeyRing>[0],
): Promise<readonly Diagnosis[]> {
  const versions = `aws secretsmanager list-secret-version-ids --secret-id ${name}, then update-secret-version-stage to the last good one`;
  const secret = await readSecretValue(session.aws().secrets(), name);
  if (!secret) {
    const mend = `aws secretsmanager restore-secret --secret-id ${name}, if it was deleted within its window; without it nothing that is sealed opens`;
    return [wrong(name, 'the key ring does not exist', mend)];
  }
  try {
    parseKeyRing(ring, secret.text);
    return [ok(name, 'the key ring is whole')];
  } catch (error) {
    if (!isFault(error) || error.code !== 'KEY_RING_INVALID') throw error;
    return [
      wrong(name, `the key ring is malformed: ${error.context.problems.join('; ')}`, versions),
    ];
  }
}

async function lookAtClients(session: Session): Promise<readonly Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const client of await listClients(session)) {
    if (session.interruption.aborted) break;
    found.push(...(await looking(`client ${client.name}`, () => lookAtClient(session, client))));
  }
  return found.length > 0 ? found : [ok('clients', 'none is registered yet')];
}

async function lookAtClient(
  session: Session,
  { name }: ListedClient,
): Promise<readonly Diagnosis[]> {
  const about = `client ${name}`;
  const secret = await readClientSecret(session, name);
  if (!secret) return [];
  try {
    const client = resolveClient(name, secret.text, secret.version);
    const refusals = await findRefusal(openStores(session), client);
    const refused = refusals.filter(({ level }) => level === 'wrong');
    return refused.length > 0
      ? refused.map(({ what, mend = '' }) => wrong(about, what, mend))
      : [ok(about, 'the registration is valid')];
  } catch (error) {
    if (!isFault(error) || error.code !== 'REGISTRATION_INVALID') throw error;
    const what = `the registration is not valid: ${error.context.problems.join('; ')}`;
    return [wrong(about, what, `evergrant clients put ${name}, corrected`)];
  }
}
