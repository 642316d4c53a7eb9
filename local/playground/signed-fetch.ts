import { signedFetch as signedFetchAs } from '../../cli/signed-fetch.ts';

export interface SignedRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /** Who asks. Locally `local` is the operator. */
  readonly accessKeyId?: string;
  readonly region?: string;
}

/**
 * `fetch` as an IAM caller of the local stack sends it.
 *
 * The secret key is as good as its id: nothing on this machine verifies the signature, and outside
 * of it the key opens nothing.
 *
 * @param url - absolute; its path and query are signed as they stand.
 */
export async function signedFetch(url: string, request: SignedRequest = {}): Promise<Response> {
  const { accessKeyId = 'local', method = 'GET', region = 'us-east-1', ...rest } = request;
  const credentials = { accessKeyId, secretAccessKey: accessKeyId };
  return signedFetchAs(url, { ...rest, method, region, credentials });
}
