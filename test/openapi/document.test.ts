import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import {
  documentText,
  interfaceDocument,
  isValid,
  type Operation,
  operations,
  problemsOf,
} from '../support/interface-document.ts';

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const { schemas } = interfaceDocument.components;

/** The words of a list in a source, such as `type WarningCode = 'a' | 'b';`. */
function wordsOf(file: string, pattern: RegExp): readonly string[] {
  const [, list = ''] = pattern.exec(read(file)) ?? [];
  return (list.match(/'\w+'/g) ?? []).map((word) => word.slice(1, -1));
}

it('is valid OpenAPI 3.1', async () => {
  const validator = new Validator();

  const { valid, errors } = await validator.validate(structuredClone(interfaceDocument));

  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

it('is of the version that it is packed with', () => {
  expect(interfaceDocument.info.version).toBe(packageJson.version);
  expect(interfaceDocument.info.license.identifier).toBe(packageJson.license);
});

it('has no reference that leads nowhere, and no component that nothing leads to', () => {
  const found = [...documentText.matchAll(/#\/(components\/[\w/]+)/g)].map(([, path = '']) => path);
  const used = new Set(found);
  const there = Object.entries<object>(interfaceDocument.components).flatMap(([kind, members]) =>
    Object.keys(members).map((name) => `components/${kind}/${name}`),
  );

  expect([...used].filter((path) => !there.includes(path))).toEqual([]);
  expect(
    there.filter((path) => !used.has(path) && path !== 'components/securitySchemes/sigv4'),
  ).toEqual([]);
});

it('has the routes of serverless.yml, each with who may call it', () => {
  const plain = ['!Ref', '!Sub', '!GetAtt', '!If', '!Not', '!Equals'].map((tag) => ({
    tag,
    resolve: (text: string) => text,
  }));
  const service = parse(read('serverless.yml'), {
    maxAliasCount: -1,
    customTags: plain,
    merge: true,
    logLevel: 'silent',
  });
  const routes = Object.values<{ events?: { httpApi?: Route }[] }>(service.functions).flatMap(
    ({ events = [] }) =>
      events.flatMap(({ httpApi }) =>
        httpApi
          ? [[`${httpApi.method.toUpperCase()} ${httpApi.path}`, httpApi.authorizer?.type]]
          : [],
      ),
  );

  const told = operations.map(({ routeKey, security }) => [
    routeKey,
    (security ?? interfaceDocument.security).length === 0 ? undefined : 'aws_iam',
  ]);
  expect(told.length).toBe(9);
  expect(told.sort()).toEqual(routes.sort());
});

interface Route {
  readonly method: string;
  readonly path: string;
  readonly authorizer?: { readonly type: string };
}

describe('the fixed lists', () => {
  it.each([
    ['ReauthorizationReason', 'lib/fault.ts', /type ReauthorizationReason =([\s|'\w]+);/],
    ['WarningCode', 'lib/broker/ports.ts', /type WarningCode =([\s|'\w]+);/],
    ['ExpirySource', 'lib/oauth/token-endpoint.ts', /type ExpirySource =([\s|'\w]+);/],
    ['ConnectionState', 'lib/http/answer-message.ts', /readonly state: ([ |'\w]+'revoked');/],
  ])('%s is that of %s', (name, file, pattern) => {
    expect(schemas[name].enum.toSorted()).toEqual(wordsOf(file, pattern).toSorted());
  });

  it('of return errors is that of the flow and of what a provider may say', () => {
    const own = wordsOf(
      'lib/broker/complete-authorization.ts',
      /type ReturnError =\s+\| AuthorizationError([\s|'\w]+);/,
    );
    const provider = wordsOf(
      'lib/oauth/authorization-response.ts',
      /type AuthorizationError =([\s|'\w]+);/,
    );

    expect(own.length).toBeGreaterThan(3);
    expect(schemas.ReturnError.enum.toSorted()).toEqual([...own, ...provider].sort());
  });

  it('of return statuses is that of the endings that have a plan', () => {
    const endings = read('lib/broker/complete-authorization.ts').matchAll(
      /\(Origin & \{ readonly status: '(\w+)'/g,
    );

    expect(schemas.ReturnStatus.enum.toSorted()).toEqual(
      [...endings].map(([, word]) => word).sort(),
    );
  });

  it('of errors is that of lib/problem.ts, each with its status', () => {
    const source = read('lib/problem.ts');
    const words = [...source.matchAll(/\berror(?::| =) '([a-z_]+)'/g)].map(([, word]) => word);
    const told = Object.values<Schema>(schemas).flatMap(({ properties = {} }) =>
      properties.error?.const ? [properties.error.const] : [],
    );

    expect(words.length).toBeGreaterThan(10);
    expect(told.sort()).toEqual([...new Set(words)].sort());
  });

  it('of names is that of lib/name-patterns.ts', () => {
    const source = read('lib/name-patterns.ts');

    expect(source).toContain(`clientNamePattern = /${schemas.ClientName.pattern}/`);
    expect(source).toContain(`connectionIdPattern = /${schemas.ConnectionId.pattern}/`);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, { readonly const?: string | number }>>;
}

describe.each(operations)('$routeKey', (operation: Operation) => {
  it('gives each failure the status that it names', () => {
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      const names = [...JSON.stringify(content).matchAll(/schemas\/(\w+)/g)];
      for (const [, name = ''] of names) {
        const { properties = {} }: Schema = schemas[name];
        if (properties.status) expect(String(properties.status.const)).toBe(status);
      }
    }
  });

  it('has examples that its own schemas allow', () => {
    const contents = [operation.requestBody, ...Object.values(operation.responses)].flatMap(
      (each) => Object.values(each?.content ?? {}),
    );
    for (const { schema, example, examples = {} } of contents) {
      const named = Object.values(examples).map(({ value }) => value);
      const values = [example, ...named].filter(Boolean);
      for (const value of values) expect(problemsOf(schema, value)).toEqual([]);
    }
  });

  it('expects API Gateway’s own refusals too', () => {
    const refusal = { message: 'Too Many Requests' };
    const statuses = operation.security?.length === 0 ? [429, 500, 503] : [403, 429, 500, 503];

    for (const status of statuses) {
      const { schema } = operation.responses[status]?.content?.['application/json'] ?? {};
      expect(isValid(schema ?? (false as never), refusal), `${status}`).toBe(true);
    }
  });
});
