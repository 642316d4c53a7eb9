import type { TokenRequest } from '../../lib/oauth/token-endpoint.ts';
import type { DefinitionInput } from '../../lib/providers/definition.ts';
import type { Random } from './random.ts';

/** What a provider does with refresh tokens, and what its definition says of it. */
export type RotationClass = 'none' | 'grace' | 'strict' | 'sometimes' | 'undeclared';

export const rotationClasses = [
  'none',
  'grace',
  'strict',
  'sometimes',
  'undeclared',
] as const satisfies readonly RotationClass[];

/** One refresh token replaced by another, and what became of the answer that said so. */
export interface Rotation {
  readonly from: string;
  readonly to: string;
  readonly atMs: number;
  /** Some invocation heard the answer and lived on. */
  isHeard: () => boolean;
  /** The new token is in the table or in the recovery queue. */
  isDurable: boolean;
}

/** What the provider issued: the texts of tokens. */
export interface Issued {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly rotation?: Rotation;
}

/** An authorization server that remembers everything it issued. */
export interface ProviderModel {
  readonly rotationClass: RotationClass;
  readonly graceSeconds: number;
  readonly lifetimeSeconds: number;
  /** A resource owner consents: a new grant. */
  readonly consent: (owner: string) => Issued & { readonly refreshToken: string };
  /** Carries a token request out. Undefined: `invalid_grant`. */
  readonly exchange: (request: TokenRequest) => Issued | undefined;
  /** The resource owner takes back every grant. */
  readonly withdraw: (owner: string) => void;
  readonly accepts: (refreshToken: string) => boolean;
  readonly grantOf: (token: string) => Grant | undefined;
  readonly rotationsFrom: (refreshToken: string) => readonly Rotation[];
  readonly rotationTo: (refreshToken: string) => Rotation | undefined;
}

export interface Grant {
  readonly id: number;
  readonly owner: string;
  /** Taken back by its owner. */
  withdrawn: boolean;
  /** Ended by the provider, which saw a refresh token a second time (RFC 9700 §4.14.2). */
  endedByReuse: boolean;
}

export interface ProviderSettings {
  readonly rotationClass: RotationClass;
  readonly graceSeconds: number;
  readonly lifetimeSeconds: number;
  /** Whether the reuse of a refresh token ends the whole grant. */
  readonly endsGrantOnReuse: boolean;
}

/** What the definition of such a provider declares. */
export function declaredRotation(settings: ProviderSettings): DefinitionInput['rotation'] {
  switch (settings.rotationClass) {
    case 'grace':
      return { grace_seconds: settings.graceSeconds };
    case 'sometimes':
      return 'undeclared';
    default:
      return settings.rotationClass;
  }
}

export function providerModel(
  random: Random,
  elapsedMs: () => number,
  settings: ProviderSettings,
): ProviderModel {
  const grants: Grant[] = [];
  const grantByToken = new Map<string, Grant>();
  const rotations: Rotation[] = [];
  const from = (refreshToken: string) => rotations.filter((known) => known.from === refreshToken);
  const issue = (grant: Grant, kind: 'access' | 'refresh') => {
    const token = `${kind} ${grant.id}.${grantByToken.size}`;
    grantByToken.set(token, grant);
    return token;
  };
  const consent = (owner: string) => {
    const grant = { id: grants.length, owner, withdrawn: false, endedByReuse: false };
    grants.push(grant);
    return { accessToken: issue(grant, 'access'), refreshToken: issue(grant, 'refresh') };
  };
  const isUsable = (refreshToken: string) => {
    const [first] = from(refreshToken);
    if (!first) return true;
    const sinceMs = elapsedMs() - first.atMs;
    return settings.rotationClass === 'grace' && sinceMs <= settings.graceSeconds * 1000;
  };
  const accepts = (refreshToken: string) => {
    const grant = grantByToken.get(refreshToken);
    return grant !== undefined && isAlive(grant) && isUsable(refreshToken);
  };
  const refresh = (refreshToken: string): Issued | undefined => {
    const grant = grantByToken.get(refreshToken);
    if (!grant || !isAlive(grant)) return undefined;
    if (!isUsable(refreshToken)) {
      grant.endedByReuse = settings.endsGrantOnReuse;
      return undefined;
    }
    const accessToken = issue(grant, 'access');
    if (!rotates(random, settings.rotationClass)) return { accessToken };
    const to = issue(grant, 'refresh');
    const rotation = {
      from: refreshToken,
      to,
      atMs: elapsedMs(),
      isHeard: () => false,
      isDurable: false,
    };
    rotations.push(rotation);
    return { accessToken, refreshToken: to, rotation };
  };
  return {
    ...settings,
    consent,
    accepts,
    exchange: (request) => {
      if (request.grantType === 'refresh_token') return refresh(request.refreshToken.reveal());
      return request.grantType === 'password' ? consent(request.username) : undefined;
    },
    withdraw: (owner) => {
      for (const grant of grants) if (grant.owner === owner) grant.withdrawn = true;
    },
    grantOf: (token) => grantByToken.get(token),
    rotationsFrom: from,
    rotationTo: (refreshToken) => rotations.find(({ to }) => to === refreshToken),
  };
}

function isAlive({ withdrawn, endedByReuse }: Grant): boolean {
  return !withdrawn && !endedByReuse;
}

function rotates(random: Random, rotationClass: RotationClass): boolean {
  switch (rotationClass) {
    case 'none':
      return false;
    case 'sometimes':
      return random.chance(0.5);
    default:
      return true;
  }
}
