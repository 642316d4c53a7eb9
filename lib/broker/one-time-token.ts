import { createHash, randomBytes } from 'node:crypto';
import type { RandomToken } from './ports.ts';

/** 256 random bits as 43 base64url characters, with no meaning inside. */
export const randomToken: RandomToken = () => randomBytes(32).toString('base64url');

/** What is stored of a one-time token: its SHA-256, base64url. Opens nothing if the store leaks. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Whether `text` has the form of a {@link randomToken}. */
export function isOneTimeToken(text: unknown): text is string {
  return typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text);
}
