import * as v from 'valibot';
import { demoResource } from './demo-cards.ts';

const vendedToken = v.object({
  client: v.string(),
  access_token: v.string(),
  api_base_url: v.pipe(v.string(), v.url()),
  present: v.object({
    in: v.picklist(['header', 'query']),
    name: v.string(),
    value: v.string(),
  }),
});

/** What was sent, with the token masked, and what came back. */
export interface ApiCall {
  readonly request: string;
  readonly status: number;
  readonly body: string;
}

const timeoutMs = 10_000;
const shownCharacters = 4000;

/**
 * Calls the provider's API with a vended token, presented exactly as the answer says.
 *
 * @param vended - the body of a vend answer.
 * @returns undefined when the answer does not tell where the API is.
 */
export async function callProvider(vended: object): Promise<ApiCall | undefined> {
  const parsed = v.safeParse(vendedToken, vended);
  if (!parsed.success) return undefined;
  const { present, api_base_url, access_token, client } = parsed.output;
  const url = new URL(demoResource(client, api_base_url));
  if (present.in === 'query') url.searchParams.set(present.name, present.value);
  const headers = present.in === 'header' ? { [present.name]: present.value } : {};
  const response = await fetch(url, {
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const line = `GET ${url.href}${present.in === 'header' ? `\n${present.name}: ${present.value}` : ''}`;
  return {
    request: line.replaceAll(access_token, maskToken(access_token)),
    status: response.status,
    body: (await response.text())
      .replaceAll(access_token, maskToken(access_token))
      .slice(0, shownCharacters),
  };
}

/** A token as it may be shown: enough to tell two apart, too little to use. */
export function maskToken(token: string): string {
  return token.length < 24 ? '••••••••' : `${token.slice(0, 4)}••••••••${token.slice(-4)}`;
}
