import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

/**
 * The connections that are shared with the SDK's client of the same service. As many as are asked for:
 * whoever holds one that waits may need another for what it writes meanwhile.
 */
export const agents = {
  httpAgent: new HttpAgent({ keepAlive: true }),
  httpsAgent: new HttpsAgent({ keepAlive: true }),
};

/** Everything of a request but its body and what depends on that. */
export interface RequestHead {
  /** `http:` or `https:`. */
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/** A request that has its connection and has sent nothing yet. */
export interface OpenRequest {
  /**
   * Sends it, once.
   *
   * @param headers - the rest of them.
   * @throws {Error} when it could not be sent, or there is no answer in time; then it may have been
   *   carried out.
   */
  readonly send: (headers: Readonly<Record<string, string>>, body: string) => Promise<PostAnswer>;
  /** Gives up what was not sent. */
  readonly drop: () => void;
}

/** Opens a `POST` to the path `/`. @param timeoutMs - for the answer, once it is sent. */
export type OpenPost = (head: RequestHead, timeoutMs: number) => OpenRequest;

export const openPost: OpenPost = ({ protocol, hostname, ...head }, timeoutMs) => {
  const options = { ...head, host: hostname, method: 'POST', path: '/' };
  const request =
    protocol === 'https:'
      ? httpsRequest({ ...options, agent: agents.httpsAgent })
      : httpRequest({ ...options, agent: agents.httpAgent });
  let isSent = false;
  const answered = new Promise<PostAnswer>((resolve, reject) => {
    request.on('response', (response) => {
      const { statusCode: status = 0 } = response;
      if (isSent) resolve(text(response).then((body) => ({ status, body })));
      // It answers something else.
      else request.destroy();
    });
    request.on('error', reject);
    request.on('close', () => reject(new Error('the connection has ended')));
  });
  // It may fail before anybody waits for it.
  answered.catch(() => undefined);
  return {
    send: async (headers, body) => {
      isSent = true;
      for (const [name, value] of Object.entries(headers)) request.setHeader(name, value);
      request.end(body);
      const timer = setTimeout(() => request.destroy(new TimeoutError()), timeoutMs);
      try {
        return await answered;
      } finally {
        clearTimeout(timer);
      }
    },
    drop: () => {
      if (!isSent) request.destroy();
    },
  };
};

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}
