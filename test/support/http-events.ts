import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** The caller that the local policy lets do everything. */
export const localUser = 'arn:aws:iam::000000000000:user/local';

interface Given {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly caller?: string | undefined;
}

/** An event as API Gateway sends it for an IAM route (payload 2.0). */
export function anIamEvent(routeKey: string, given: Given = {}): APIGatewayProxyEventV2 {
  const { path = {}, query = {}, body, caller = localUser } = given;
  return {
    ...anEvent(routeKey),
    pathParameters: path,
    queryStringParameters: query,
    rawQueryString: new URLSearchParams(query).toString(),
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    requestContext: {
      ...anEvent(routeKey).requestContext,
      authorizer: { iam: { userArn: caller, accountId: '000000000000', accessKey: 'local' } },
    } as APIGatewayProxyEventV2['requestContext'],
  };
}

/** An event of a public route: what a browser brings. */
export function aBrowserEvent(
  routeKey: string,
  given: Pick<Given, 'path'> & {
    readonly rawQueryString?: string;
    readonly cookies?: readonly string[];
  } = {},
): APIGatewayProxyEventV2 {
  const { path = {}, rawQueryString = '', cookies = [] } = given;
  return {
    ...anEvent(routeKey),
    pathParameters: path,
    rawQueryString,
    queryStringParameters: joined(rawQueryString),
    ...(cookies.length > 0 && { cookies: [...cookies] }),
  };
}

/** What API Gateway makes of a query: parameters that are there twice are joined by a comma. */
function joined(rawQueryString: string): Readonly<Record<string, string>> {
  const parameters = new URLSearchParams(rawQueryString);
  const names = [...new Set(parameters.keys())];
  return Object.fromEntries(names.map((name) => [name, parameters.getAll(name).join()]));
}

function anEvent(routeKey: string): APIGatewayProxyEventV2 {
  const [method = '', path = ''] = routeKey.split(' ');
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'an-api',
      domainName: 'evil.example',
      domainPrefix: 'evil',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'a browser' },
      requestId: 'a-request',
      routeKey,
      stage: '$default',
      time: '22/Nov/2026:00:00:00 +0000',
      timeEpoch: 1_795_305_600_000,
    },
  };
}
