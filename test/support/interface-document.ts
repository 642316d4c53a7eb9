/**
 * The OpenAPI document, as what requests and answers are held against.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required?: boolean;
  readonly schema: AnySchemaObject;
}

interface MediaType {
  readonly schema: AnySchemaObject;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

type Content = Readonly<Record<string, MediaType>>;

export interface DocumentedAnswer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly schema: AnySchemaObject }>>;
  readonly content?: Content;
}

export interface Operation {
  /** As API Gateway has it: `GET /connections`. */
  readonly routeKey: string;
  readonly operationId: string;
  /** Empty: everybody may call it. */
  readonly security?: readonly object[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, DocumentedAnswer>>;
}

export const documentText = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8');

/** The document as it is written. */
export const interfaceDocument = parse(documentText);

const schemaPrefix = '#/components/schemas/';

/** What stands behind a reference to anything but a schema; schemas keep their references. */
function resolve<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(resolve) as Value;
  if (typeof value !== 'object' || value === null) return value;
  const reference = '$ref' in value ? String(value.$ref) : '';
  if (reference !== '' && !reference.startsWith(schemaPrefix)) {
    const [, , kind = '', name = ''] = reference.split('/');
    return resolve(interfaceDocument.components[kind][name]);
  }
  const members = Object.entries(value).map(([name, member]) => [name, resolve(member)]);
  return Object.fromEntries(members) as Value;
}

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'];

/** Every operation, with the parameters of its path. */
export const operations: readonly Operation[] = Object.entries(
  resolve(interfaceDocument.paths) as Record<string, Record<string, Operation>>,
).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => methods.includes(method))
    .map(([method, operation]) => ({
      ...operation,
      routeKey: `${method.toUpperCase()} ${path}`,
      parameters: [...((item.parameters ?? []) as never), ...(operation.parameters ?? [])],
    })),
);

/** @throws {Error} when the document has no such route. */
export function operationOf(routeKey: string): Operation {
  const found = operations.find((operation) => operation.routeKey === routeKey);
  if (!found) throw new Error(`openapi.yaml has no ${routeKey}`);
  return found;
}

/**
 * Compiles schemas of the document. What it does not know as a schema it refuses.
 *
 * @param closed - then an object may have no member that is not told of: callers are asked to pass
 *   over what they do not know, and yet nothing is to be answered that is not documented.
 */
function compiler(closed: boolean): (schema: AnySchemaObject) => ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
  formats.default(ajv, ['uri']);
  const close = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(close);
    if (typeof value !== 'object' || value === null) return value;
    const open = closed && 'properties' in value && !('additionalProperties' in value);
    const members = Object.entries(value).map(([name, member]) => [
      name,
      name === '$ref'
        ? `schemas#/$defs/${String(member).slice(schemaPrefix.length)}`
        : close(member),
    ]);
    return { ...Object.fromEntries(members), ...(open && { additionalProperties: false }) };
  };
  ajv.addSchema({ $id: 'schemas', $defs: close(interfaceDocument.components.schemas) as object });
  const compiled = new Map<string, ValidateFunction>();
  return (schema) => {
    const key = JSON.stringify(schema);
    const validate = compiled.get(key) ?? ajv.compile(close(schema) as AnySchemaObject);
    compiled.set(key, validate);
    return validate;
  };
}

const asWritten = compiler(false);
const closed = compiler(true);

/** Whether a value is as a schema of the document says. */
export function isValid(schema: AnySchemaObject, value: unknown): boolean {
  return asWritten(schema)(value) === true;
}

/** What is wrong with a value of an answer; also each member that the document does not tell of. */
export function problemsOf(schema: AnySchemaObject, value: unknown): readonly string[] {
  const validate = closed(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

export interface DocumentedRequest {
  readonly path: Readonly<Record<string, string | undefined>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** The body's JSON; undefined when there is none or it is no JSON. */
  readonly body: unknown;
}

/** Whether the document allows a request. */
export function isRequestValid(operation: Operation, request: DocumentedRequest): boolean {
  const { parameters, requestBody } = operation;
  const given = { path: request.path, query: request.query };
  const known = parameters.every(({ name, in: place, required, schema }) => {
    const value = given[place][name];
    return value === undefined ? required !== true : isValid(schema, value);
  });
  const queryNames = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
  const others = Object.keys(request.query).filter((name) => !queryNames.includes(name));
  const schema = requestBody?.content['application/json']?.schema;
  if (!known || others.length > 0) return false;
  if (schema === undefined) return true;
  return request.body === undefined
    ? requestBody?.required !== true
    : isValid(schema, request.body);
}
