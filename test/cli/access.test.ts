import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openApi } from '../../cli/api.ts';
import { createAwsAccess } from '../../cli/aws-access.ts';
import { readAllowedHosts, readApiUrl, readRedirectUri } from '../../cli/deployed-function.ts';
import type { ClientName } from '../../lib/names.ts';
import { type RunningServer, startHttpServer } from '../../local/http-server.ts';
import { localCredentials, nobodyListens } from '../support/local-credentials.ts';
import { type ScriptedAws, scriptedAws } from '../support/scripted-aws.ts';

let api: RunningServer;
let reply: { readonly status: number; readonly body: string };
let authorization: string | undefined;
beforeEach(async () => {
  api = await startHttpServer(
    ({ headers }) => {
      authorization = headers.authorization;
      return reply;
    },
    { port: 0, maxBodyBytes: 1000 },
  );
});
afterEach(() => api.close());

const sessionAt = (apiUrl: string) => ({
  ...scriptedAws({}),
  aws: () => createAwsAccess({ ...localCredentials, apiUrl }),
});
const call = async () =>
  (await openApi(sessionAt(api.url))).call('GET', '/connections?client=acme');

describe('the HTTP interface', () => {
  it('is asked with the signature of whoever sits at the terminal', async () => {
    reply = { status: 200, body: '{"connections":[]}' };

    expect(await call()).toEqual({ status: 200, body: { connections: [] } });
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=local\/\d{8}\/us-east-1\/execute-api/,
    );
  });

  it('tells who is not in the access policy where it is', async () => {
    const error_description = 'the access policy does not allow this';
    const problem = { error: 'access_denied', error_description, status: 403 };
    reply = { status: 403, body: JSON.stringify(problem) };

    await expect(call()).rejects.toMatchObject({
      ending: 'denied',
      report: { error_description: expect.stringContaining('access-policy.json') },
    });
  });

  it('tells whom API Gateway does not let in which right is missing', async () => {
    reply = { status: 403, body: '{"message":"Forbidden"}' };

    await expect(call()).rejects.toMatchObject({
      ending: 'denied',
      report: {
        error: 'gateway',
        error_description: expect.stringContaining('execute-api:Invoke'),
      },
    });
  });

  it('takes an answer that is none for what it is', async () => {
    reply = { status: 502, body: '<html>' };
    await expect(call()).rejects.toMatchObject({ ending: 'failed', report: { status: 502 } });

    // As serverless-offline answers for a function that did not load.
    reply = { status: 200, body: '{"errorMessage":"no"}' };
    await expect(call()).rejects.toMatchObject({ report: { error: 'gateway' } });
  });

  it('says when nobody answers', async () => {
    const unreachable = await openApi(sessionAt(nobodyListens.endpoint));

    await expect(unreachable.call('GET', '/')).rejects.toMatchObject({
      ending: 'later',
      report: { error: 'unreachable' },
    });
  });
});

describe('a deployment', () => {
  const deployed = (variables: Readonly<Record<string, string>>): ScriptedAws =>
    scriptedAws({ GetFunctionConfiguration: () => ({ Environment: { Variables: variables } }) });

  it('tells where its interface is, and which hosts are inside', async () => {
    const session = deployed({
      PUBLIC_BASE_URL: 'https://oauth.example.com',
      ALLOWED_PROVIDER_HOSTS: 'a.internal, b.internal',
    });

    expect(await readApiUrl(session)).toBe('https://oauth.example.com');
    expect(await readRedirectUri(session, 'acme' as ClientName)).toBe(
      'https://oauth.example.com/callback/acme',
    );
    expect(await readAllowedHosts(session)).toEqual(['a.internal', 'b.internal']);
    expect(session.asked).toContainEqual({
      command: 'GetFunctionConfiguration',
      input: { FunctionName: 'evergrant-prod-connect' },
    });
  });

  it('that is not there is said to be missing where it is needed, and only there', async () => {
    const session = scriptedAws({});

    await expect(readApiUrl(session)).rejects.toMatchObject({ ending: 'unknown' });
    expect(await readRedirectUri(session, 'acme' as ClientName)).toBeUndefined();
    expect(await readAllowedHosts(session)).toEqual([]);
  });
});
