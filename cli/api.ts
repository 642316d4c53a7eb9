/**
 * The HTTP interface, as the person at the terminal may use it: signed with their own identity, so
 * that the access policy and the log know who it was.
 *
 * @module
 */
import type { ConnectionKey } from '../lib/names.ts';
import { readApiUrl } from './deployed-function.ts';
import { endingOf, Failure, type FailureMessage } from './failure.ts';
import type { Session } from './session.ts';
import { signedFetch } from './signed-fetch.ts';

/** An answer that is no failure: its status, and its JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Api {
  /** @throws {Failure} with the interface's own words for every other answer than a success. */
  call(method: string, path: string, body?: object): Promise<ApiAnswer>;
}

/** API Gateway gives up after 30 s. */
const patienceMs = 35_000;

/** Finds the interface of the stage. */
export async function openApi(session: Session): Promise<Api> {
  const url = await readApiUrl(session);
  const { config } = session.aws().lambda();
  return {
    call: async (method, path, body) => {
      const response = await reach(url, () => config.region(), {
        method,
        path,
        credentials: config.credentials,
        ...(body && { body: JSON.stringify(body) }),
      });
      const answered = parseObject(await response.text());
      if (!response.ok || typeof answered.errorMessage === 'string') {
        throw refusal(response.status, answered);
      }
      return { status: response.status, body: answered };
    },
  };
}

/** `/connections/{client}/{connection}`. */
export function connectionPath({ client, connection }: ConnectionKey): string {
  return `/connections/${encodeURIComponent(client)}/${encodeURIComponent(connection)}`;
}

async function reach(
  url: string,
  readRegion: () => Promise<string>,
  request: Pick<Parameters<typeof signedFetch>[1], 'method' | 'body' | 'credentials'> & {
    readonly path: string;
  },
): Promise<Response> {
  const { path, ...rest } = request;
  const region = await readRegion();
  try {
    const signal = AbortSignal.timeout(patienceMs);
    return await signedFetch(`${url}${path}`, { ...rest, region, signal });
  } catch (error) {
    if (!(error instanceof TypeError) && !isTimeout(error)) throw error;
    throw new Failure('later', {
      error: 'unreachable',
      error_description: `${url} did not answer; try again, or look at --api-url`,
    });
  }
}

const isTimeout = (error: unknown) =>
  error instanceof DOMException && error.name === 'TimeoutError';

/** A failure of the interface in its own words, or of API Gateway, which only says `message`. */
function refusal(
  status: number,
  { error, error_description, ...rest }: ApiAnswer['body'],
): Failure {
  if (typeof error !== 'string') return gatewayRefusal(status);
  const report: FailureMessage = {
    error,
    error_description: String(error_description),
    ...rest,
    status,
  };
  if (error !== 'access_denied') return new Failure(endingOf(status, error), report);
  const hint = 'your role has to stand in access-policy.json, which is part of the deployment';
  return new Failure('denied', { ...report, error_description: `${error_description}; ${hint}` });
}

function gatewayRefusal(status: number): Failure {
  const error_description =
    status === 403
      ? 'API Gateway does not let you in; your identity needs execute-api:Invoke on this API'
      : `API Gateway answered ${status}; the log of the function tells more`;
  return new Failure(endingOf(status), { error: 'gateway', error_description, status });
}

/** An empty object for anything that is none, such as the empty body of a 204. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
