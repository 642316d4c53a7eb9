import { describe, expect, it } from 'vitest';
import { aClient, grantedAnswer, json, refreshAnswered, text } from './token-endpoint-fixtures.ts';

describe('an answer that cannot be read', () => {
  const page = '<!doctype html><title>Service unavailable</title>';

  it.each([
    ['a page of HTML', text(page, 'text/html'), 'media_type'],
    ['HTML that calls itself JSON', text(page, 'application/json'), 'malformed'],
    ['HTML that calls itself text', text(page, 'text/plain'), 'media_type'],
    ['broken JSON', text('{"access_token":', 'application/json'), 'malformed'],
    ['a JSON string', text('"a-1"', 'application/json'), 'malformed'],
    ['JSON null', text('null', 'application/json'), 'malformed'],
    ['nothing', text('', 'application/json'), 'malformed'],
    ['XML', text('<a/>', 'application/xml'), 'media_type'],
    [
      'a token twice',
      text('{"access_token":"a","access_token":"b"}', 'application/json'),
      'malformed',
    ],
    [
      'a token twice, once escaped',
      text('{"access_token":"a","access\\u005ftoken":"b"}', 'application/json'),
      'malformed',
    ],
    [
      'a form with a token twice',
      text('access_token=a&access_token=b', 'application/x-www-form-urlencoded'),
      'malformed',
    ],
    [
      'an error twice',
      text('{"error":"invalid_request","error":"invalid_grant"}', 'application/json', {
        status: 400,
      }),
      'malformed',
    ],
    ['a WAF page with 403', text(page, 'text/html', { status: 403 }), 'media_type'],
    ['a bare 401', text('', 'text/html', { status: 401 }), 'http_status'],
  ])('leaves open what the provider did: %s', async (_, response, trouble) => {
    expect(await refreshAnswered(response)).toEqual({
      outcome: 'unavailable',
      trouble,
      undecided: true,
      httpStatus: response.status,
    });
  });

  it('may repeat members that nobody reads', async () => {
    const body = '{"access_token":"a-1","note":1,"note":2,"list":[{"id":1},{"id":2}]}';

    const answer = await grantedAnswer(text(body, 'application/json'));

    expect(answer.accessToken.reveal()).toBe('a-1');
  });

  it('is malformed when an object on the way to the token is there twice', async () => {
    const client = aClient({ definition: { answer: { access_token: ['data.token'] } } });
    const body = '{"data":{"token":"a"},"data":{"token":"b"}}';

    expect(await refreshAnswered(text(body, 'application/json'), client)).toMatchObject({
      outcome: 'unavailable',
      trouble: 'malformed',
    });
  });
});

describe('a status that is no answer', () => {
  it.each([
    [302, 'redirect', true],
    [307, 'redirect', true],
    [304, 'redirect', true],
    [408, 'http_status', true],
    [425, 'http_status', false],
    [429, 'rate_limited', false],
    [500, 'http_status', true],
    [503, 'http_status', true],
    [599, 'http_status', true],
    [999, 'http_status', true],
  ] as const)(
    '%d is no word about the grant, whatever its body says',
    async (status, trouble, undecided) => {
      expect(await refreshAnswered(json({ error: 'invalid_grant' }, { status }))).toEqual({
        outcome: 'unavailable',
        trouble,
        undecided,
        httpStatus: status,
      });
    },
  );

  it.each([
    ['seconds', '120', 120],
    ['an HTTP date', 'Tue, 14 Nov 2023 22:14:20 GMT', 60],
    ['a date that has passed', 'Tue, 14 Nov 2023 22:00:00 GMT', 0],
    ['a year', '31536000', 86_400],
    ['a word', 'soon', undefined],
    ['a negative number', '-5', undefined],
  ])('has its Retry-After read when that is %s (RFC 9110 §10.2.3)', async (_, header, expected) => {
    const outcome = await refreshAnswered(
      json({}, { status: 503, headers: { 'retry-after': header } }),
    );

    expect(outcome).toMatchObject({ outcome: 'unavailable', httpStatus: 503 });
    expect('retryAfterSeconds' in outcome ? outcome.retryAfterSeconds : undefined).toBe(expected);
  });
});
