import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { expect } from 'vitest';
import {
  type DocumentedAnswer,
  isRequestValid,
  operationOf,
  problemsOf,
} from './interface-document.ts';

/** What a request may be answered that the document does not allow. A browser is shown a page. */
const refusals: readonly number[] = [400, 403, 404];

/** Fails when an answer, or that a request was accepted, is not as `openapi.yaml` says. */
export function expectDocumented(
  event: APIGatewayProxyEventV2,
  answer: APIGatewayProxyStructuredResultV2,
): void {
  const operation = operationOf(event.routeKey);
  const documented = operation.responses[String(answer.statusCode)];
  expect(documented, `${event.routeKey} answered ${answer.statusCode}`).toBeDefined();
  if (!documented) return;
  expect(problemsOfContent(documented, answer)).toEqual([]);
  expect(problemsOfHeaders(documented, answer)).toEqual([]);
  const request = {
    path: event.pathParameters ?? {},
    query: operation.operationId === 'callback' ? {} : (event.queryStringParameters ?? {}),
    body: readJson(event.body),
  };
  if (operation.operationId === 'authorize') {
    request.query = Object.fromEntries(new URLSearchParams(event.rawQueryString));
  }
  if (!isRequestValid(operation, request)) {
    expect(refusals, `${event.routeKey} took what the document forbids`).toContain(
      answer.statusCode,
    );
  }
}

function problemsOfContent(
  { content = {} }: DocumentedAnswer,
  { body = '', headers = {} }: APIGatewayProxyStructuredResultV2,
): readonly string[] {
  const types = Object.keys(content);
  if (types.length === 0) return body === '' ? [] : ['there is a body'];
  const type = String(headers['content-type']).split(';')[0] ?? '';
  const schema = content[type]?.schema;
  if (!schema) return [`${type} is not documented`];
  return problemsOf(schema, type === 'application/json' ? JSON.parse(body) : body);
}

/** API Gateway sets cookies as headers; a header that is documented is there, but for a time to wait. */
function problemsOfHeaders(
  { headers: documented = {} }: DocumentedAnswer,
  { headers = {}, cookies = [] }: APIGatewayProxyStructuredResultV2,
): readonly string[] {
  const sent: Readonly<Record<string, unknown>> = {
    ...headers,
    ...(cookies[0] !== undefined && { 'set-cookie': cookies[0] }),
  };
  return Object.entries(documented).flatMap(([name, { schema }]) => {
    const value = sent[name.toLowerCase()];
    if (value === undefined) return [`${name} is missing`];
    return problemsOf(schema, value).map((problem) => `${name}: ${problem}`);
  });
}

function readJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
