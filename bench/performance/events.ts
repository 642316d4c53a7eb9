/**
 * Events as API Gateway and SQS send them.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';

interface HttpRequest {
  /** `GET /connections/{client}/{connection}`. */
  readonly route: string;
  readonly path?: object;
  readonly query?: string;
  readonly cookies?: readonly string[];
  readonly body?: object;
}

/** A request of the operator, who may do everything (payload 2.0). */
export function buildHttpEvent({ route, path = {}, query = '', cookies, body }: HttpRequest) {
  const [method] = route.split(' ');
  return {
    ...{ version: '2.0', routeKey: route, rawPath: '/', rawQueryString: query },
    ...(cookies && { cookies }),
    headers: { 'accept-language': 'en', 'user-agent': 'a measurement' },
    pathParameters: path,
    ...(body && { body: JSON.stringify(body) }),
    isBase64Encoded: false,
    requestContext: {
      authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/local' } },
      http: { method, path: '/', protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' },
      ...{ requestId: randomUUID(), routeKey: route, stage: '$default' },
    },
  };
}

/** One message of a queue. */
export function buildQueueEvent(body: string) {
  const messageId = randomUUID();
  return {
    Records: [{ messageId, body, attributes: { ApproximateReceiveCount: '1' } }],
  };
}
