/**
 * What the pages say, and in which language. English is built in; `page-texts.json` changes it and
 * adds languages.
 *
 * @module
 */
import Negotiator from 'negotiator';

/** What one page says. Plain text; it may hold the page's placeholders. */
export interface PageText {
  readonly title: string;
  readonly text: string;
}

/** The pages that end a flow; they know the connection, so their texts may name it. */
export const endings = [
  'connected',
  'denied',
  'account_mismatch',
  'client_refused',
  'exchange_failed',
  'expired',
  'invalid_response',
  'provider_unavailable',
  'server_error',
] as const;

/** The pages of a visit that belongs to no flow that we know of. */
export const strays = ['already_used', 'link_expired', 'unreadable', 'unavailable'] as const;

/** What stands before a fact on a page. */
export const labels = ['provider', 'connection', 'reason'] as const;

/** What a text of an ending may hold between braces. */
export const placeholders = ['provider', 'client', 'connection'] as const;

export type Ending = (typeof endings)[number];
export type Stray = (typeof strays)[number];

/** Everything that the pages say, in one language. */
export type PageTexts = Readonly<Record<Ending | Stray, PageText>> & {
  readonly labels: Readonly<Record<(typeof labels)[number], string>>;
};

/** The languages that there are texts in. */
export interface Languages {
  /** For a browser that wants none of the others. */
  readonly preset: string;
  /** By language tag (RFC 5646). */
  readonly texts: ReadonlyMap<string, PageTexts>;
}

/** The texts for one visit. */
export interface Words {
  readonly language: string;
  readonly texts: PageTexts;
}

const failed = 'The connection was not made';
const again = 'Please start again where you came from.';

export const english: PageTexts = {
  connected: {
    title: 'Your {provider} account is connected',
    text: 'You signed in at {provider} itself, and your password stayed there. You can close this window.',
  },
  denied: {
    title: 'You declined access',
    text: 'Nothing was changed. You can close this window, or start again where you came from.',
  },
  account_mismatch: {
    title: failed,
    text: 'You signed in to another account than the one that is connected. Sign in to that one, or ask where you came from how to switch.',
  },
  client_refused: {
    title: failed,
    text: '{provider} does not accept the application that sent you. Please tell the people who run it.',
  },
  exchange_failed: { title: failed, text: `{provider} took its answer back. ${again}` },
  expired: { title: failed, text: `This took too long. ${again}` },
  invalid_response: {
    title: failed,
    text: `The answer of {provider} does not fit what it was asked. ${again}`,
  },
  provider_unavailable: {
    title: failed,
    text: '{provider} does not answer right now. Please try again in a few minutes.',
  },
  server_error: {
    title: failed,
    text: 'Something failed on our side. Please try again in a minute.',
  },
  already_used: {
    title: 'This link was already used',
    text: 'It works once, within ten minutes, in the browser that began. If your account is not connected yet, please start again where you came from.',
  },
  link_expired: {
    title: 'This link is no longer good',
    text: 'Links to connect an account work for half an hour. Please ask for a new one where you got this one.',
  },
  unreadable: { title: 'This answer cannot be read', text: `Nothing was changed. ${again}` },
  unavailable: {
    title: 'This does not work right now',
    text: 'Nothing was lost. Please reload this page in a minute.',
  },
  labels: { provider: 'Provider', connection: 'Connection', reason: 'Reason' },
};

/** The pages as they are without anybody's changes. */
export const builtIn: Languages = { preset: 'en', texts: new Map([['en', english]]) };

/**
 * The language that a browser prefers among those that there are (RFC 9110 §12.5.4).
 *
 * @param acceptLanguage - the header as it was sent; untrusted.
 */
export function chooseWords(
  { preset, texts }: Languages,
  acceptLanguage: string | undefined,
): Words {
  const available = [preset, ...[...texts.keys()].filter((tag) => tag !== preset)];
  const headers = { 'accept-language': acceptLanguage };
  const language = new Negotiator({ headers }).language(available) ?? preset;
  return { language, texts: texts.get(language) ?? english };
}

/** A text with its placeholders filled in. What is filled in is not escaped yet. */
export function fillText(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name) =>
    Object.hasOwn(values, name) ? (values[name] ?? whole) : whole,
  );
}
