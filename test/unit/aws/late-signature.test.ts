import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lateSignature } from '../../../lib/aws/late-signature.ts';

const { sha256 } = new DynamoDBClient({ region: 'us-east-1' }).config;
const signingDate = new Date('2026-11-30T10:11:12Z');

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The headers of a request as the SDK's own signer leaves them. */
async function signedBySdk(
  credentials: Identity,
  request: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  applyChecksum = false,
): Promise<Readonly<Record<string, string>>> {
  const service = { service: 'dynamodb', region: 'eu-central-1', uriEscapePath: true };
  const signer = new SignatureV4({ ...service, credentials, sha256, applyChecksum });
  const place = { protocol: 'https:', hostname: 'dynamodb.example', path: '/', query: {} };
  const signed = await signer.sign(
    { method: 'POST', ...place, ...request, headers: { ...request.headers } },
    { signingDate },
  );
  return signed.headers;
}

const required = {
  host: 'dynamodb.example',
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.UpdateItem',
};
const identity = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret access key' };

describe('lateSignature', () => {
  it('is the signature that the SDK makes of the whole request', async () => {
    const visible = fc.stringMatching(/^[!-~]{1,40}$/);
    const identities = fc.record(
      {
        accessKeyId: fc.stringMatching(/^[A-Z0-9]{16,20}$/),
        secretAccessKey: visible,
        sessionToken: visible,
      },
      { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
    );
    const bodies = fc.string({ unit: 'grapheme', maxLength: 2000 });

    await fc.assert(
      fc.asyncProperty(identities, visible, bodies, async (credentials, agent, body) => {
        const headers = { ...required, 'x-amz-user-agent': `  ${agent}  ${agent} ` };
        const template = await signedBySdk(credentials, { headers, body: '{}' });
        const { authorization } = await signedBySdk(credentials, { headers, body });

        expect(lateSignature(template, credentials.secretAccessKey)(body)).toBe(authorization);
      }),
    );
  });

  it('is of what AWS asks for alone: nothing that a proxy may change, no digest of another body', async () => {
    const changeable = {
      'user-agent': 'a',
      'amz-sdk-request': 'attempt=1',
      'content-length': '2',
      accept: '*/*',
    };
    const template = await signedBySdk(
      identity,
      { headers: { ...required, ...changeable }, body: '{}' },
      true,
    );
    const { authorization } = await signedBySdk(identity, { headers: required, body: '{"a":1}' });

    expect(template['x-amz-content-sha256']).toBeDefined();
    expect(lateSignature(template, identity.secretAccessKey)('{"a":1}')).toBe(authorization);
  });

  it('refuses a request that nobody has signed', () => {
    expect(() => lateSignature(required, 'a secret')).toThrow('not signed');
    expect(() => lateSignature({ ...required, authorization: 'Basic abc' }, 'a secret')).toThrow();
  });

  it('serves one body', async () => {
    const sign = lateSignature(
      await signedBySdk(identity, { headers: required, body: '' }),
      identity.secretAccessKey,
    );
    sign('{}');

    expect(() => sign('{}')).toThrow();
  });
});
