import type { RevocationMessage } from '../broker/queue-ports.ts';
import { count, text } from './members.ts';
import { buildMessage, parseMessage } from './message.ts';

/** What the revocation queue carries: tokens to revoke, sealed. */
export function buildRevocationMessage(message: RevocationMessage): string {
  return buildMessage(message, { fence: message.fence, sealed: message.sealed });
}

/** @throws {Fault} `REQUEST_INVALID` naming every faulty member. */
export function parseRevocationMessage(body: string): RevocationMessage {
  return parseMessage(body, (members, address) => ({
    ...address,
    fence: members.required('fence', count),
    sealed: members.required('sealed', text),
  }));
}
