import middy from '@middy/core';
import type {
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda';
import { answersBeforeTheEnd } from '../invocation-end.ts';
import type { FunctionLog } from '../log.ts';
import { describeFailure } from '../problem.ts';
import { strayPage } from './page.ts';
import { chooseWords, type Languages, type Words } from './page-texts.ts';

/**
 * Wraps a function that a person's browser visits: whatever goes wrong ends in a plain page.
 *
 * @param respond - is given the texts in the language that the browser prefers.
 */
export function browserFunction(
  { log, languages }: { readonly log: FunctionLog; readonly languages: Languages },
  respond: (
    event: APIGatewayProxyEventV2,
    around: { readonly words: Words; readonly context: Context },
  ) => Promise<APIGatewayProxyStructuredResultV2>,
) {
  const wordsFor = (event: APIGatewayProxyEventV2) =>
    chooseWords(languages, event?.headers?.['accept-language']);
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>(answersBeforeTheEnd)
    .before(({ context }) => log.begin(context))
    .onError((request) => {
      log.error('request_failed', describeFailure(request.error));
      const page = { name: 'unavailable', statusCode: 503, tone: 'bad' } as const;
      request.response = strayPage(wordsFor(request.event), page);
    })
    .handler((event: APIGatewayProxyEventV2, context: Context) =>
      respond(event, { words: wordsFor(event), context }),
    );
}
