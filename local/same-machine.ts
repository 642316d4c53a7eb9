import type { IncomingHttpHeaders } from 'node:http';

const ownNames = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Whether a request is meant for this machine, and not made by a web page from elsewhere.
 *
 * A browser on this machine reaches the loopback address for every page that it shows. A foreign
 * page betrays itself by `Origin`, and one whose name was made to resolve to this machine by `Host`.
 */
export function isFromThisMachine({ host = '', origin }: IncomingHttpHeaders): boolean {
  return isOwn(`http://${host}`) && (origin === undefined || isOwn(origin));
}

function isOwn(url: string): boolean {
  return URL.canParse(url) && ownNames.has(new URL(url).hostname);
}
