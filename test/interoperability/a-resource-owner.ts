import { newBrowser, type Visit } from '../../local/demo/browser.ts';
import { redirectUri } from './an-authorization-server.ts';

/** What the person in front of the browser says when asked for consent. */
export type Decision = 'consent' | 'deny';

const mostSteps = 20;

/**
 * Walks a person through the server's own pages: logs in as `ann`, then decides.
 *
 * @param location - the authorization request.
 * @returns the URL that the server sends the browser back to.
 */
export async function visitServer(location: string, decision: Decision): Promise<string> {
  const browser = newBrowser();
  let visit = await browser.open(location);
  for (let step = 0; step < mostSteps; step += 1) {
    if (visit.location?.startsWith(redirectUri)) return visit.location;
    if (visit.location !== undefined) visit = await browser.open(visit.location);
    else visit = await answerPage(browser, visit, decision);
  }
  throw new Error('the server sends the browser round in circles');
}

function answerPage(
  browser: ReturnType<typeof newBrowser>,
  { url, body, status }: Visit,
  decision: Decision,
): Promise<Visit> {
  const [, prompt] = /name="prompt" value="(login|consent)"/.exec(body) ?? [];
  if (prompt === 'login') return browser.submit(url, { prompt, login: 'ann', password: 'any' });
  if (prompt === undefined) throw new Error(`no page that a person could answer: ${status}`);
  return decision === 'consent' ? browser.submit(url, { prompt }) : browser.open(`${url}/abort`);
}
