/** What this needs of a route's event in serverless.yml. */
interface Endpoint {
  readonly authorizer?: string | { readonly type?: string };
}

/** What this needs of a request of the server underneath. */
interface IncomingRequest {
  readonly headers: Record<string, string | undefined>;
  readonly raw: {
    readonly req: { readonly rawHeaders: string[] };
    readonly res: {
      readonly closed?: boolean;
      readonly destroyed?: boolean;
      once(event: 'close', listener: () => void): unknown;
    };
  };
  state?: Readonly<Record<string, string | readonly string[]>> | null;
}

interface PlainResponse {
  code(status: number): PlainResponse;
  takeover(): PlainResponse;
}

interface ResponseToolkit {
  authenticated(details: { readonly credentials: object }): unknown;
  response(body: object): PlainResponse;
}

interface Authentication {
  readonly name: string;
  readonly scheme: string;
  readonly getAuthenticateFunction: () => {
    readonly authenticate: (request: IncomingRequest, h: ResponseToolkit) => Promise<unknown>;
  };
}

declare function buildAuthentication(
  endpoint: Endpoint,
  functionKey: string,
  method: string,
  path: string,
): Authentication;

export = buildAuthentication;
