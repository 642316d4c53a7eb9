import type { ProviderRequest } from './transport.ts';

/** A request as the RFCs have it: a form, and the headers of client authentication. */
export interface StandardRequest {
  readonly parameters: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

/** How an endpoint wants its requests. Templates are filled in. */
export interface RequestDialect {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly parametersIn: 'form' | 'json' | 'query';
  /** The endpoint's names for standard parameters; `false`: it must not be sent this one. */
  readonly names: Readonly<Record<string, string | false | undefined>>;
  /** Further parameters by the endpoint's names; one of a standard name takes its place. */
  readonly params: Readonly<Record<string, string>>;
  /** Further headers; one of a standard name takes its place. */
  readonly headers: Readonly<Record<string, string>>;
}

const mediaTypes = { form: 'application/x-www-form-urlencoded', json: 'application/json' } as const;

/**
 * Puts a standard request into an endpoint's dialect.
 *
 * The form is encoded as RFC 6749 Appendix B says. A JSON body is one flat object of strings.
 */
export function buildWireRequest(
  { parameters, headers }: StandardRequest,
  dialect: RequestDialect,
): ProviderRequest {
  const { method, parametersIn } = dialect;
  const wireParameters = translate(parameters, dialect);
  const wireHeaders = new Headers({ ...headers, 'user-agent': 'evergrant' });
  wireHeaders.set('accept', 'application/json');
  wireHeaders.delete('content-type');
  if (parametersIn !== 'query') wireHeaders.set('content-type', mediaTypes[parametersIn]);
  for (const [name, value] of Object.entries(dialect.headers)) wireHeaders.set(name, value);

  const request = { method, headers: Object.fromEntries(wireHeaders) };
  if (parametersIn === 'query') {
    return { ...request, url: withQuery(dialect.url, wireParameters) };
  }
  const body =
    parametersIn === 'json'
      ? JSON.stringify(Object.fromEntries(wireParameters))
      : new URLSearchParams(wireParameters).toString();
  return { ...request, url: dialect.url, body };
}

/** The parameters by the endpoint's names, without those it must not be sent. */
function translate(
  parameters: URLSearchParams,
  { names, params }: RequestDialect,
): [name: string, value: string][] {
  const wire = new Map<string, string>();
  for (const [standardName, value] of parameters) {
    const name = Object.hasOwn(names, standardName) ? names[standardName] : standardName;
    if (name !== false) wire.set(name ?? standardName, value);
  }
  for (const [name, value] of Object.entries(params)) wire.set(name, value);
  return [...wire];
}

function withQuery(url: string, parameters: readonly (readonly [string, string])[]): string {
  const target = new URL(url);
  for (const [name, value] of parameters) target.searchParams.set(name, value);
  return target.href;
}
