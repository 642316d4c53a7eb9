import {
  type FunctionConfiguration,
  GetFunctionConcurrencyCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { readDeployedFunction } from '../deployed-function.ts';
import type { Session } from '../session.ts';
import { lookAtRole } from './check-role.ts';
import { lookAtStream } from './check-stream.ts';
import { type Check, type Diagnosis, isLocal, looking, ok, redeploy, wrong } from './diagnosis.ts';

/** Every function of the deployment, and whether a queue or stream has to feed it. */
export const expectedFunctions: Readonly<Record<string, { readonly isFed: boolean }>> = {
  connect: { isFed: false },
  authorize: { isFed: false },
  callback: { isFed: false },
  connections: { isFed: false },
  'refresh-due': { isFed: false },
  refresh: { isFed: true },
  recover: { isFed: true },
  revoke: { isFed: true },
  'publish-events': { isFed: true },
  vend: { isFed: false },
  'vend-http': { isFed: false },
};

/** Whether the functions are there, may run, are fed, and have a role of their own. */
export const checkFunctions: Check = async (session) => {
  if (isLocal(session)) return [];
  const names = Object.keys(expectedFunctions);
  const looks = names.map(async (name) => {
    let role: string | undefined;
    const found = await looking(`function ${name}`, async () => {
      const deployed = await readDeployedFunction(session, name);
      role = deployed?.Role;
      return deployed
        ? lookAt(session, name, deployed)
        : [wrong(`function ${name}`, 'it does not exist', redeploy(session))];
    });
    return { name, role, found };
  });
  const all = await Promise.all(looks);
  return [...all.flatMap(({ found }) => found), ...sharedRoles(session, all)];
};

async function lookAt(
  session: Session,
  name: string,
  deployed: FunctionConfiguration,
): Promise<readonly Diagnosis[]> {
  const about = `function ${name}`;
  const odd = [
    ...stateOf(session, about, deployed),
    ...(await looking(about, () => lookAtConcurrency(session, deployed))),
    ...(expectedFunctions[name]?.isFed
      ? await looking(about, () => lookAtMappings(session, about, deployed))
      : []),
    ...(await looking(`role of ${name}`, () => lookAtRole(session, name, deployed.Role ?? ''))),
  ];
  return odd.length > 0 ? odd : [ok(about, 'it may run, with a role of its own')];
}

function stateOf(
  session: Session,
  about: string,
  { State, StateReason, LastUpdateStatus }: FunctionConfiguration,
): readonly Diagnosis[] {
  // Lambda puts a function to sleep that nobody has called for weeks; the next call wakes it.
  const runs = State === undefined || State === 'Active' || State === 'Inactive';
  return [
    ...(runs ? [] : [wrong(about, `it is ${State}: ${StateReason ?? ''}`, redeploy(session))]),
    ...(LastUpdateStatus === 'Failed'
      ? [wrong(about, 'its last update failed', redeploy(session))]
      : []),
  ];
}

async function lookAtConcurrency(
  session: Session,
  { FunctionName = '' }: FunctionConfiguration,
): Promise<readonly Diagnosis[]> {
  const { ReservedConcurrentExecutions: reserved } = await session
    .aws()
    .lambda()
    .send(new GetFunctionConcurrencyCommand({ FunctionName }));
  if (reserved !== 0) return [];
  const mend = FunctionName.endsWith('-refresh')
    ? `aws lambda put-function-concurrency --function-name ${FunctionName} --reserved-concurrent-executions 50, or refreshConcurrency as deployed; after a restored table first evergrant connections mark-uncertain`
    : `aws lambda delete-function-concurrency --function-name ${FunctionName}`;
  return [wrong(`function ${FunctionName}`, 'it is stopped: its concurrency is 0', mend)];
}

async function lookAtMappings(
  session: Session,
  about: string,
  { FunctionName = '' }: FunctionConfiguration,
): Promise<readonly Diagnosis[]> {
  const { EventSourceMappings = [] } = await session
    .aws()
    .lambda()
    .send(new ListEventSourceMappingsCommand({ FunctionName }));
  if (EventSourceMappings.length === 0) {
    return [wrong(about, 'nothing feeds it', redeploy(session))];
  }
  const disabled = EventSourceMappings.filter(({ State = '' }) => /^Disabl/.test(State));
  return [
    ...disabled.map(({ UUID }) =>
      wrong(
        about,
        'what feeds it is disabled',
        `aws lambda update-event-source-mapping --uuid ${UUID} --enabled`,
      ),
    ),
    ...(await lookAtStream(session, about, EventSourceMappings)),
  ];
}

interface Looked {
  readonly name: string;
  readonly role: string | undefined;
}

/** Roles that serve two functions: one of them has rights that it was not given. */
function sharedRoles(session: Session, all: readonly Looked[]): readonly Diagnosis[] {
  return all.flatMap(({ name, role }, index) => {
    const first = all.slice(0, index).find((other) => role !== undefined && other.role === role);
    if (!first) return [];
    return [wrong(`role of ${name}`, `it is also that of ${first.name}`, redeploy(session))];
  });
}
