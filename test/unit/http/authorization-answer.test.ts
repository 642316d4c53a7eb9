import { expect, it } from 'vitest';
import { authorizationAnswer } from '../../../lib/http/authorization-answer.ts';
import { browserHeaders } from '../../../lib/http/page.ts';
import { english } from '../../../lib/http/page-texts.ts';
import { Secret } from '../../../lib/secret.ts';

const visit = {
  publicBaseUrl: 'https://evergrant.example.com',
  words: { language: 'en', texts: english },
};
const value = 'v'.repeat(43);

it('sends the browser on with its cookie', () => {
  const answer = authorizationAnswer(
    {
      outcome: 'redirect',
      location: 'https://as.example.com/authorize?state=s',
      cookie: { label: 'l', value: new Secret('cookie', value), maxAgeSeconds: 600 },
    },
    visit,
  );

  expect(answer).toEqual({
    statusCode: 302,
    headers: { ...browserHeaders, location: 'https://as.example.com/authorize?state=s' },
    cookies: [expect.stringMatching(new RegExp(`^__Host-evergrant-l=${value};.*Secure$`))],
    body: '',
  });
});

it('says on a page that a link is no longer good', () => {
  const answer = authorizationAnswer({ outcome: 'no_session' }, visit);

  expect(answer).toMatchObject({ statusCode: 404, headers: browserHeaders });
  expect(answer).not.toHaveProperty('cookies');
  expect(answer.headers).not.toHaveProperty('location');
  expect(answer.body).toContain(english.link_expired.title);
});
