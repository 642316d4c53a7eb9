/**
 * What a simulated vendor consists of: its dialect as routes, its tokens, its settings.
 *
 * @module
 */
import type * as v from 'valibot';
import type { GrantLedger, TokenMint } from './grant-ledger.ts';
import type { CommonSettings } from './settings.ts';
import type { Reply, SimulatedRequest } from './simulated-http.ts';

/** A client as the vendor's routes see it. */
export interface RegisteredClient {
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly grants: readonly string[];
  readonly redirectUris: readonly string[];
}

/** What the routes of a vendor work with. */
export interface VendorContext<S extends CommonSettings> {
  readonly clients: readonly RegisteredClient[];
  readonly ledger: GrantLedger;
  /** The settings as they are now. */
  readonly settings: () => S;
}

/** What a path is for: decides what the log tells of a call, and what `/_control/fail` meets. */
export type RouteKind = 'authorize' | 'token' | 'token_state' | 'api';

export interface Route {
  readonly kind: RouteKind;
  readonly answer: (request: SimulatedRequest) => Reply;
}

/** A vendor's dialect. */
export interface Vendor<S extends CommonSettings> {
  readonly name: string;
  readonly settings: v.GenericSchema<unknown, S>;
  readonly defaults: S;
  readonly mint: TokenMint;
  /** By exact path; each answers every method, since vendors differ in how they refuse one. */
  readonly routes: (context: VendorContext<S>) => Readonly<Record<string, Route>>;
  /** What answers at a path that none of the routes has; absent: nothing does. */
  readonly elsewhere?: (context: VendorContext<S>, path: string) => Route | undefined;
  readonly unknownPath: Reply;
}
