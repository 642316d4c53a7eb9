import { Argument, type Command } from 'commander';
import { type KeyRingName, keyRingNames } from '../../lib/broker/key-ports.ts';
import { type ResealRequest, resealAll } from '../../lib/broker/reseal-all.ts';
import { retireKey } from '../../lib/broker/retire-key.ts';
import { rotateKey } from '../../lib/broker/rotate-key.ts';
import { type ShownKey, showKeys } from '../../lib/broker/show-keys.ts';
import { parseClientName } from '../../lib/names.ts';
import type { Action } from '../action.ts';
import { type Ending, Failure } from '../failure.ts';
import { openKeyStores } from '../key-stores.ts';
import { formatDuration, formatInstant } from '../output/instant.ts';
import {
  keyMessage,
  missingMessage,
  refusalOf,
  sayMissing,
  sayProgress,
  sweepMessage,
} from '../output/key-text.ts';
import { formatTable } from '../output/table.ts';
import type { Session } from '../session.ts';

interface SweepOptions {
  readonly client?: readonly string[];
}

const collect = (given: string, before: readonly string[] = []) => [...before, given];

/** `keys`: the two key rings, and what is sealed with them. */
export function addKeys(program: Command, action: Action): void {
  const keys = program.command('keys').description('the keys that seal tokens');
  const ring = () => new Argument('<ring>', 'which ring').choices([...keyRingNames]);
  const sweeping = (command: Command) =>
    command.option('--client <name>', 'a client without a registration; may be repeated', collect);
  keys
    .command('show')
    .description('every key: how old, which is current, since when unused')
    .action(action(show));
  keys
    .command('rotate')
    .description('add a key to a ring and make it the current one')
    .addArgument(ring())
    .action(action(rotate));
  sweeping(keys.command('reseal'))
    .description('seal again, with the current keys, what older ones have sealed')
    .option('--anew', 'begin at the first connection, not where an earlier run was stopped')
    .action(action(reseal));
  sweeping(keys.command('retire'))
    .description('take a key that nothing uses any more out of its ring, for good')
    .addArgument(ring())
    .argument('<key>', 'its id, such as k1')
    .option('--despite-backups', 'although backups of the last 35 days may need it: it has leaked')
    .action(action(retire));
}

async function show(session: Session): Promise<undefined> {
  const { keys, sweep } = await showKeys(openKeyStores(session));
  const now = session.clock.now();
  const age = ({ createdAt }: ShownKey) =>
    createdAt === undefined ? 'unknown' : formatDuration(now - createdAt);
  const rows = keys.map((key) => [
    key.ring,
    key.keyId,
    key.isCurrent ? 'current' : '',
    age(key),
    formatInstant(key.createdAt),
    formatInstant(key.unusedSince),
  ]);
  session.print.result(
    { keys: keys.map(keyMessage), ...(sweep && { sweep: sweepMessage(sweep) }) },
    [
      formatTable(['RING', 'KEY', '', 'AGE', 'MADE', 'UNUSED SINCE'], rows),
      ...(sweep ? [`\n${sayProgress(sweep)}`] : []),
    ].join('\n'),
  );
}

async function rotate(session: Session, ring: KeyRingName): Promise<undefined> {
  const rotation = await rotateKey(openKeyStores(session), ring);
  if (rotation.outcome === 'changed') throw ringChanged(ring);
  const { keyId, formerKeyId } = rotation;
  session.print.result(
    { ring, current: keyId, former: formerKeyId },
    [
      `${ring}: ${keyId} is the current key; ${formerKeyId} stays in the ring.`,
      'In 20 minutes nothing is sealed with the former one any more; then: evergrant keys reseal',
    ].join('\n'),
  );
}

const ringChanged = (ring: KeyRingName) =>
  new Failure('later', {
    error: 'ring_changed',
    error_description: `somebody else changed the ring ${ring} at the same time, and nothing was done here; look at it with: evergrant keys show`,
  });

async function reseal(
  session: Session,
  options: SweepOptions & { readonly anew?: true },
): Promise<Ending | undefined> {
  const request = { ...sweepRequest(session, options), anew: options.anew === true };
  const ending = await resealAll(openKeyStores(session), request);
  const { print } = session;
  const sweep = { outcome: ending.outcome, ...sweepMessage(ending.progress) };
  if (ending.outcome === 'stopped') {
    print.result(sweep, `${sayProgress(ending.progress)} The same command goes on from here.`);
    return 'interrupted';
  }
  const { missing, progress } = ending;
  const proof = missing.length === 0 ? ['Nothing uses an older key.'] : missing.map(sayMissing);
  print.result(
    { ...sweep, proven: missing.length === 0, missing: missing.map(missingMessage) },
    [sayProgress(progress), ...proof].join('\n'),
  );
  return progress.unopened > 0 ? 'found' : undefined;
}

/** Ctrl-C ends the sweep between connections; how far it is goes beside the result. */
function sweepRequest(
  { print, clock, interruption }: Session,
  { client = [] }: SweepOptions,
): Omit<ResealRequest, 'anew'> {
  let saidAtMs = clock.monotonicMs();
  return {
    clients: client.map(parseClientName),
    isStopped: () => interruption.aborted,
    onProgress: ({ seen, resealed }) => {
      if (clock.monotonicMs() - saidAtMs < 5000) return;
      saidAtMs = clock.monotonicMs();
      print.note(`${seen} connections seen, ${resealed} values resealed`);
    },
  };
}

async function retire(
  session: Session,
  ring: KeyRingName,
  keyId: string,
  options: SweepOptions & { readonly despiteBackups?: true },
): Promise<Ending | undefined> {
  const ending = await retireKey(openKeyStores(session), {
    ...sweepRequest(session, options),
    ring,
    keyId,
    despiteBackups: options.despiteBackups === true,
  });
  const refusal = refusalOf(ending, `${keyId} of ${ring}`);
  if (!refusal) {
    session.print.result({ ring, retired: keyId }, `${keyId} is not in the ring ${ring} any more.`);
    return undefined;
  }
  const { as, why } = refusal;
  throw new Failure(as, { error: ending.outcome, error_description: why });
}
