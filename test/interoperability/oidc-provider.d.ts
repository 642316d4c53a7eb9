declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http';

  /** What the server is told of one of its clients, by the names of RFC 7591 §2. */
  export interface ClientMetadata {
    readonly client_id: string;
    readonly client_secret?: string;
    readonly [name: string]: unknown;
  }

  /** What the server's policies see of a request. */
  export interface ProviderContext {
    readonly oidc: { readonly client?: { readonly clientId: string } };
  }

  export interface Configuration {
    readonly clients: readonly ClientMetadata[];
    readonly [name: string]: unknown;
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration);
    callback(): RequestListener;
  }
}
