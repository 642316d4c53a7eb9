import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';

const agent = new Agent({ keepAlive: true });

/** Posts a body over connections that are kept; the answer's body is for the caller to read. */
export function send(
  url: string,
  headers: OutgoingHttpHeaders,
  body: string,
): Promise<IncomingMessage> {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined);
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: Object.fromEntries(given) };
    request(url, options, resolve).once('error', reject).end(body);
  });
}
