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
  /** Some invocation heard the answer, and did not crash: it had all its time to store it. */
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
  /** From when on one that rotates sometimes does; otherwise chance decides. */
  readonly rotatesFromMs?: number;
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
  const { grants, grantByToken, issue, consent } = grantBook();
  const { rotations, from, replace, isUsable } = rotationBook(elapsedMs, settings);
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
    if (!rotatesNow(settings, random, elapsedMs())) return { accessToken };
    const to = issue(grant, 'refresh');
    return { accessToken, refreshToken: to, rotation: replace(refreshToken, to) };
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

function rotatesNow(
  { rotationClass, rotatesFromMs }: ProviderSettings,
  random: Random,
  elapsedMs: number,
): boolean {
  if (rotationClass !== 'sometimes') return rotationClass !== 'none';
  return rotatesFromMs === undefined ? random.chance(0.5) : elapsedMs >= rotatesFromMs;
}

/** Who consented to what, and which tokens were issued for it. */
function grantBook() {
  const grants: Grant[] = [];
  const grantByToken = new Map<string, Grant>();
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
  return { grants, grantByToken, issue, consent };
}

/** Which refresh token replaced which. */
function rotationBook(elapsedMs: () => number, { rotationClass, graceSeconds }: ProviderSettings) {
  const rotations: Rotation[] = [];
  const from = (refreshToken: string) => rotations.filter((known) => known.from === refreshToken);
  return {
    rotations,
    from,
    /** Whether a refresh token was never replaced, or is within its grace. */
    isUsable: (refreshToken: string) => {
      const [first] = from(refreshToken);
      if (!first) return true;
      return rotationClass === 'grace' && elapsedMs() - first.atMs <= graceSeconds * 1000;
    },
    replace: (from: string, to: string): Rotation => {
      const atMs = elapsedMs();
      const rotation = { from, to, atMs, isHeard: () => false, isDurable: false };
      rotations.push(rotation);
      return rotation;
    },
  };
}

function isAlive({ withdrawn, endedByReuse }: Grant): boolean {
  return !withdrawn && !endedByReuse;
}
