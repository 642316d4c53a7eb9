import { parseClientName } from '../../lib/names.ts';
import { wholeNumber } from '../operands.ts';
import type { Session } from '../session.ts';
import { openStores } from '../stores.ts';

/** The bounds of the setting that holds for all other clients. */
const readLanes = wholeNumber('lanes', 1, 100);

/**
 * Shows how many connections of a client are refreshed side by side, after setting it where a number
 * is given: more for one with many connections, fewer for a provider that takes few calls at a time.
 *
 * @param given - a number, or `default` for what is deployed for all.
 */
export async function setClientLanes(
  session: Session,
  operand: string,
  given: string | undefined,
): Promise<undefined> {
  const name = parseClientName(operand);
  const { clients, clientStatus } = openStores(session);
  const wanted = given === undefined || given === 'default' ? undefined : readLanes(given);
  await clients.read(name, { fresh: true });
  if (given !== undefined) await clientStatus.setLanes(name, wanted);
  const { lanes } = await clientStatus.read(name);
  const text =
    lanes === undefined
      ? `${name} has as many lanes as lanesPerClient says`
      : `${name} has ${lanes} ${lanes === 1 ? 'lane' : 'lanes'} of its own`;
  const remark = given === undefined ? '' : '; the schedule follows within a minute';
  session.print.result({ client: name, ...(lanes !== undefined && { lanes }) }, `${text}${remark}`);
}
