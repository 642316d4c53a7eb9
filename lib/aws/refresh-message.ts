import type { RefreshMessage } from '../broker/queue-ports.ts';
import { instant } from './members.ts';
import { buildMessage, parseMessage } from './message.ts';

/** What the refresh queue carries: ids, and the schedule that said so. */
export function buildRefreshMessage(message: RefreshMessage): string {
  return buildMessage(message, { refresh_at: message.refreshAt });
}

/** @throws {Fault} `REQUEST_INVALID` naming every faulty member. */
export function parseRefreshMessage(body: string): RefreshMessage {
  return parseMessage(body, (members, address) => ({
    ...address,
    refreshAt: members.required('refresh_at', instant),
  }));
}
