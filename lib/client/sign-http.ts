import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4, type SignatureV4CryptoInit } from '@smithy/signature-v4';

/** AWS credentials, as every provider of the AWS SDK gives them. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** The headers of a POST with a JSON body, signed. @throws when there are no credentials. */
export type SignHttp = (request: {
  readonly url: URL;
  readonly body: string;
}) => Promise<Record<string, string>>;

type Bytes = Parameters<InstanceType<SignatureV4CryptoInit['sha256']>['update']>[0];

/** SHA-256 of Node.js in the shape that the signer wants; with a key, its HMAC. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(key?: Bytes) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }

  update(data: Bytes): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

/** Signature Version 4 for `execute-api`. */
export function httpSigner(
  region: string,
  credentials: AwsCredentials | (() => Promise<AwsCredentials>),
): SignHttp {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 });
  return async ({ url, body }) => {
    const { protocol, hostname, host, port, pathname: path } = url;
    const headers = { host, 'content-type': 'application/json' };
    const { headers: signed } = await signer.sign({
      method: 'POST',
      protocol,
      hostname,
      ...(port !== '' && { port: Number(port) }),
      path,
      query: {},
      headers,
      body,
    });
    // `fetch` writes it itself, and as it was signed.
    const { host: _, ...sent } = signed;
    return sent;
  };
}

function bytesOf(data: Bytes): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
