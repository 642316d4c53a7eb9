/**
 * The templates of a definition: text in which `{name}` stands for the value of a param.
 *
 * @module
 */
import type { Definition, GrantType } from './definition.ts';

/** One template, and what has to be known of its place to fill it safely. */
export interface Template {
  /** As in `token.url` or `grants.password.params.audience`. */
  readonly place: string;
  readonly part: 'authorize' | 'token' | 'revoke' | 'introspect' | 'api' | GrantType;
  readonly kind: 'url' | 'value' | 'header';
  readonly text: string;
}

/** Every template of a definition, in the order of its members. */
export function listTemplates(definition: Definition): readonly Template[] {
  const { authorize, token, grants, revoke, introspect, api } = definition;
  return [
    ...urls('authorize', 'authorize', { url: authorize?.url, issuer: authorize?.issuer }),
    ...texts('authorize', 'authorize.params', 'value', authorize?.params),
    ...requestTemplates('token', 'token', token),
    ...Object.entries(grants).flatMap(([grantType, deviation]) =>
      requestTemplates(grantType as GrantType, `grants.${grantType}`, deviation ?? {}),
    ),
    ...urls('revoke', 'revoke', { url: revoke?.url }),
    ...urls('introspect', 'introspect', { url: introspect?.url }),
    ...urls('api', 'api', { base_url: api.base_url }),
  ];
}

/** The names of the params that a template mentions. */
export function placeholders(text: string): readonly string[] {
  return [...text.matchAll(placeholder)].map(([, name = '']) => name);
}

/** Puts a value in the place of each `{name}`. */
export function replacePlaceholders(text: string, value: (name: string) => string): string {
  return text.replaceAll(placeholder, (_, name: string) => value(name));
}

const placeholder = /\{([^{}]*)\}/g;

interface RequestTexts {
  readonly url?: string | null | undefined;
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

function requestTemplates(
  part: Template['part'],
  place: string,
  { url, params, headers }: RequestTexts,
): readonly Template[] {
  return [
    ...urls(part, place, { url }),
    ...texts(part, `${place}.params`, 'value', params),
    ...texts(part, `${place}.headers`, 'header', headers),
  ];
}

function urls(
  part: Template['part'],
  place: string,
  members: Readonly<Record<string, string | null | undefined>>,
): readonly Template[] {
  return Object.entries(members).flatMap(([name, text]) =>
    typeof text === 'string' ? [{ place: `${place}.${name}`, part, kind: 'url', text }] : [],
  );
}

function texts(
  part: Template['part'],
  place: string,
  kind: Template['kind'],
  members: Readonly<Record<string, string>> = {},
): readonly Template[] {
  return Object.entries(members).map(([name, text]) => ({
    place: `${place}.${name}`,
    part,
    kind,
    text,
  }));
}
