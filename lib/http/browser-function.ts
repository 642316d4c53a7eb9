import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';
import { pageResponse } from './page.ts';

/** Wraps a function that a person's browser visits: whatever goes wrong ends in a plain page. */
export function browserFunction(
  log: FunctionLog,
  respond: (
    event: APIGatewayProxyEventV2,
    context: Context,
  ) => Promise<APIGatewayProxyStructuredResultV2>,
) {
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
    .before(({ context }) => log.begin(context))
    .onError((request) => {
      log.error('request_failed', describeFailure(request.error));
      request.response = pageResponse({
        statusCode: 503,
        tone: 'bad',
        title: 'This does not work right now',
        text: 'Nothing was lost. Please reload this page in a minute.',
      });
    })
    .handler((event: APIGatewayProxyEventV2, context: Context) => respond(event, context));
}
