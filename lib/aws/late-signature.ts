import { createHash, createHmac } from 'node:crypto';

const algorithm = 'AWS4-HMAC-SHA256';

/**
 * Prepares AWS's signature of a request whose body is not there yet: only three digests are left for
 * it.
 *
 * The SDK signs a whole request at once, which takes half a millisecond where the body is an answer
 * that nobody else has.
 *
 * @param headers - of a request to the path `/` that the SDK has signed with another body, by their
 *   names in lower case. Scope and moment are taken over.
 * @param secretAccessKey - of the identity by which the SDK has signed it.
 * @returns what gives the header `authorization` for one body.
 * @throws {Error} when the request is not signed.
 * @see {@link https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html | Create a signed AWS API request}
 */
export function lateSignature(
  headers: Readonly<Record<string, string>>,
  secretAccessKey: string,
): (body: string) => string {
  const signedBy = headers.authorization?.match(/Credential=([^/]+\/([^,]+))/);
  const [, credential, scope] = signedBy ?? [];
  if (scope === undefined) throw new Error('the request is not signed');
  const names = Object.keys(headers).filter(isSigned).sort();
  const canonicalHeaders = names.map((name) => `${name}:${canonical(headers[name])}\n`).join('');
  const signedHeaders = names.join(';');

  const bodyHash = createHash('sha256');
  const requestHash = createHash('sha256');
  requestHash.update(`POST\n/\n\n${canonicalHeaders}\n${signedHeaders}\n`);
  const signature = createHmac('sha256', signingKey(secretAccessKey, scope));
  signature.update(`${algorithm}\n${headers['x-amz-date']}\n${scope}\n`);
  return (body) => {
    requestHash.update(bodyHash.update(body).digest('hex'));
    const signed = signature.update(requestHash.digest('hex')).digest('hex');
    return `${algorithm} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signed}`;
  };
}

const canonical = (value = '') => value.trim().replaceAll(/\s+/g, ' ');

/** Those that AWS wants to be signed, but for the digest of a body: it is not there yet. */
function isSigned(name: string): boolean {
  if (name === 'x-amz-content-sha256') return false;
  return name === 'host' || name === 'content-type' || name.startsWith('x-amz-');
}

function signingKey(secretAccessKey: string, scope: string): Buffer {
  const sign = (key: Buffer, part: string) => createHmac('sha256', key).update(part).digest();
  return scope.split('/').reduce(sign, Buffer.from(`AWS4${secretAccessKey}`));
}
