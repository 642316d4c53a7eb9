import { expect, it } from 'vitest';
import { authorizationAnswer } from '../../../lib/http/authorization-answer.ts';
import { browserHeaders } from '../../../lib/http/page.ts';
import { Secret } from '../../../lib/secret.ts';

const base = 'https://evergrant.example.com';
const value = 'v'.repeat(43);

it('sends the browser on with its cookie', () => {
  const answer = authorizationAnswer(
    {
      outcome: 'redirect',
      location: 'https://as.example.com/authorize?state=s',
      cookie: { label: 'l', value: new Secret('cookie', value), maxAgeSeconds: 600 },
    },
    base,
  );

  expect(answer).toEqual({
    statusCode: 302,
    headers: { ...browserHeaders, location: 'https://as.example.com/authorize?state=s' },
    cookies: [expect.stringMatching(new RegExp(`^__Host-evergrant-l=${value};.*Secure$`))],
    body: '',
  });
});

it('says on a page that a link is no longer good', () => {
  const answer = authorizationAnswer({ outcome: 'no_session' }, base);

  expect(answer).toMatchObject({ statusCode: 404, headers: browserHeaders });
  expect(answer).not.toHaveProperty('cookies');
  expect(answer.headers).not.toHaveProperty('location');
});
