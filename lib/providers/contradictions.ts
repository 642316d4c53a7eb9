/**
 * What the shape of a definition cannot refuse: members that do not go together.
 *
 * @module
 */
import type { Definition, GrantType, TokenRequestShape } from './definition.ts';
import { listTemplates, placeholders, type Template } from './templates.ts';
import { listGrantTypes, mergeTokenRequestShape } from './token-request-shape.ts';

/**
 * Says of each contradiction in a definition where it is and what is wrong.
 *
 * @returns problems that begin with the place of a member and repeat no value.
 */
export function listContradictions(definition: Definition): readonly string[] {
  return [
    ...listTemplates(definition).flatMap((template) => templateProblems(definition, template)),
    ...paramProblems(definition),
    ...authorizeProblems(definition),
    ...listGrantTypes(definition).flatMap((grantType) => requestProblems(definition, grantType)),
  ];
}

function templateProblems({ params }: Definition, { place, kind, text }: Template): string[] {
  const problems: string[] = [];
  for (const name of placeholders(text)) {
    const param = Object.hasOwn(params, name) ? params[name] : undefined;
    if (!param) {
      problems.push(`${place} mentions a placeholder that is not one of params`);
      continue;
    }
    if (kind !== 'url') continue;
    const mention = `${place} mentions {${name}}`;
    if (param.of === 'connection') {
      problems.push(`${mention}, a param of the connection: callers have no say in a URL`);
    } else if (param.choices) {
      // Filled in as they stand, so that a choice can be a host with its port.
      const plain = Object.values(param.choices).every((value) => /^[\w.~:/-]+$/.test(value));
      if (!plain) problems.push(`${mention}, whose choices must be letters, digits or . _ ~ : / -`);
    } else if (param.format !== 'host_label') {
      problems.push(`${mention}, which must be a host_label or have choices`);
    }
  }
  return problems;
}

function paramProblems({ params }: Definition): string[] {
  return Object.entries(params)
    .filter(([, { choices, default: preset }]) => {
      return choices && preset !== undefined && !Object.hasOwn(choices, preset);
    })
    .map(([name]) => `params.${name}.default must be one of its choices`);
}

/** Parameters that say who asks for what and where the answer goes: no fixed text may set them. */
const decisive = [
  'client_id',
  'redirect_uri',
  'response_type',
  'state',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
];

function authorizeProblems({ authorize, grants }: Definition): string[] {
  if (!authorize) {
    return grants.authorization_code
      ? ['grants.authorization_code is offered, but there is no authorize']
      : [];
  }
  const renamed = Object.entries(authorize.names).flatMap(([name, own]) =>
    decisive.includes(name) && typeof own === 'string' ? [own] : [],
  );
  const reserved = new Set([...decisive, ...renamed]);
  const asked = ['client_id', 'redirect_uri', 'response_type', 'scope', 'state'];
  const challenge = authorize.pkce ? ['code_challenge', 'code_challenge_method'] : [];
  const query = new URLSearchParams(authorize.url?.split('?').slice(1).join('?') ?? '');
  return [
    ...Object.keys(authorize.params)
      .filter((name) => reserved.has(name))
      .map((name) => `authorize.params.${name} is set by the flow itself and cannot be fixed`),
    ...clashes(authorize.names, [...asked, ...challenge], 'authorize.names'),
    ...[...new Set(query.keys())]
      .filter((name) => reserved.has(name))
      .map((name) => `authorize.url must not carry ${name}: it is set by the flow itself`),
  ];
}

/** Two parameters under one name: one of them would not be sent. */
function clashes(
  names: Readonly<Record<string, string | false | undefined>>,
  sent: readonly string[],
  place: string,
): string[] {
  const wireNames = sent.map((name) => names[name] ?? name);
  return sent
    .filter((_, index) => {
      const wireName = wireNames[index];
      return wireName !== false && wireNames.indexOf(wireName ?? '') !== index;
    })
    .map((name) => `${place}.${name} is the name of another parameter that is sent beside it`);
}

type ParameterName = keyof TokenRequestShape['names'];

/** The parameters that each grant always sends (RFC 6749 §4, §6). */
const presented: Readonly<Record<GrantType, readonly ParameterName[]>> = {
  authorization_code: ['grant_type', 'code', 'redirect_uri', 'code_verifier'],
  refresh_token: ['grant_type', 'refresh_token'],
  password: ['grant_type', 'username', 'password'],
  client_credentials: ['grant_type'],
};

function requestProblems(definition: Definition, grantType: GrantType): string[] {
  const place = `grants.${grantType}`;
  const shape = mergeTokenRequestShape(definition, grantType);
  const basic = shape.client_authentication === 'client_secret_basic';
  const problems: string[] = [];
  if (shape.method === 'GET' && shape.parameters_in !== 'query') {
    problems.push(`${place} is a GET: parameters_in must be query`);
  }
  if (basic && Object.keys(shape.headers).some((name) => /^authorization$/i.test(name))) {
    problems.push(`${place} has an Authorization header beside client_secret_basic`);
  }
  const sent: ParameterName[] = [...presented[grantType]];
  if (!basic) sent.push('client_id', 'client_secret');
  problems.push(...clashes(shape.names, sent, `${place}.names`));
  for (const name of sent) {
    const wireName = shape.names[name] ?? name;
    if (wireName !== false && Object.hasOwn(shape.params, wireName)) {
      problems.push(`${place} sends ${name} already: drop it from params, or names.${name} false`);
    }
  }
  return problems;
}
