import { Fault } from '../fault.ts';
import type { ConnectionKey } from '../names.ts';
import type { Attributes } from './connection-row.ts';
import { clientName, connectionId, type Kind, type Members, parseMembers } from './members.ts';

/** Of the form that is written and read here. A message that tells none is of this one. */
const version = 1;

const knownVersion: Kind<number> = {
  wanted: `the version ${version}`,
  accepts: (value): value is number => value === version,
  substitute: version,
};

/** A message's text. Members that are undefined are left out. */
export function buildMessage({ client, connection }: ConnectionKey, members: Attributes): string {
  return JSON.stringify({ version, client, connection, ...members });
}

/**
 * Reads a message of ours.
 *
 * @param body - the message's text, or the object that Lambda has made of it. Anyone with the right
 *   to send may have written it.
 * @throws {Fault} `REQUEST_INVALID` naming every faulty member.
 */
export function parseMessage<Value>(
  body: unknown,
  build: (members: Members, address: ConnectionKey) => Value,
): Value {
  const refusal = (problems: readonly string[]) => new Fault('REQUEST_INVALID', { problems });
  return parseMembers(
    typeof body === 'string' ? parseJson(body, refusal) : body,
    (members) => {
      members.optional('version', knownVersion);
      return build(members, {
        client: members.required('client', clientName),
        connection: members.required('connection', connectionId),
      });
    },
    refusal,
  );
}

function parseJson(body: string, refusal: (problems: readonly string[]) => Fault): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // The parser's message quotes the text.
    throw refusal(['must be JSON']);
  }
}
