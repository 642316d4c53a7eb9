import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect, inject } from 'vitest';

/** Starts the browser that the run has found. No name but this machine's address leads anywhere. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: inject('chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}

/** A person with a browser of their own: no cookie is shared with another. */
export interface Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Another tab of the same browser. */
  readonly openTab: () => Promise<Page>;
  /** What went wrong in any tab, and which foreign hosts were asked. Empty when all is well. */
  readonly complaints: () => readonly string[];
}

interface VisitorOptions {
  /** A telephone, with its small screen and its way of zooming. Default false. */
  readonly phone?: boolean;
  /** Whether pages may run scripts. Default true. */
  readonly script?: boolean;
}

/** Opens an empty tab, and listens to everything that it does. */
export async function aVisitor(browser: Browser, options: VisitorOptions = {}): Promise<Visitor> {
  const { phone = false, script = true } = options;
  const context = await browser.newContext({
    ...(phone && { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }),
    javaScriptEnabled: script,
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  const complaints = listen(context);
  return {
    context,
    page: await context.newPage(),
    openTab: () => context.newPage(),
    complaints: () => complaints,
  };
}

function listen(context: BrowserContext): readonly string[] {
  const complaints: string[] = [];
  const visited = new Set<string>();
  context.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol !== 'data:' && hostname !== '127.0.0.1') {
      complaints.push(`asked another host: ${request.url()}`);
    }
    if (request.isNavigationRequest()) visited.add(request.url());
  });
  context.on('console', (message) => {
    // That a page has a status of 400 and more is meant, and the browser says so.
    const isStatus = message.text().startsWith('Failed to load resource');
    if (isStatus && visited.has(message.location().url)) return;
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  return complaints;
}

/** Fails when anything went wrong behind what is seen. */
export function expectNoComplaints(...visitors: readonly Visitor[]): void {
  expect(visitors.flatMap(({ complaints }) => complaints())).toEqual([]);
}
