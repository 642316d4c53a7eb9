/**
 * What goes between `vend` and `refresh` by direct invocation, both ways.
 *
 * @module
 */
import type { RefreshReply, RefreshRequest } from '../broker/ports.ts';
import type { ConnectionKey } from '../names.ts';
import { count, oneOf, withoutUndefined } from './members.ts';
import { buildMessage, parseMessage } from './message.ts';
import { buildStatus, buildToken, namedStatus, parseToken } from './token-row.ts';

const refreshOutcome = oneOf<RefreshReply['outcome']>([
  'refreshed',
  'fresh',
  'in_progress',
  'failing',
  'needs_reauth',
  'unknown_client',
  'unknown_connection',
]);

export function buildRefreshRequest(request: RefreshRequest): string {
  return buildMessage(request, { seen_fence: request.seenFence });
}

/**
 * @param event - what the function was invoked with.
 * @throws {Fault} `REQUEST_INVALID` naming every faulty member.
 */
export function parseRefreshRequest(event: unknown): RefreshRequest {
  return parseMessage(event, (members, address) =>
    withoutUndefined<RefreshRequest>({
      ...address,
      seenFence: members.optional('seen_fence', count),
    }),
  );
}

/** The reply as the plain object that a Lambda function returns. Its token is sealed. */
export function buildRefreshReply(address: ConnectionKey, reply: RefreshReply) {
  return {
    client: address.client,
    connection: address.connection,
    ...buildStatus(reply),
    outcome: reply.outcome,
    token: reply.token && buildToken(reply.token),
  };
}

/** @throws {Fault} `REQUEST_INVALID` naming every faulty member. */
export function parseRefreshReply(payload: unknown): RefreshReply {
  return parseMessage(payload, (members, address) =>
    withoutUndefined<RefreshReply>({
      ...namedStatus(members),
      outcome: members.required('outcome', refreshOutcome),
      token: members.within('token', (token) => parseToken(token, address)),
    }),
  );
}
