/**
 * The fixed lists of words that stand in rows and messages.
 *
 * @module
 */
import type { ConnectionState, RenewalKind, Schedule, WarningCode } from '../broker/ports.ts';
import type { RemindDays } from '../broker/renewal-end.ts';
import type { ReauthorizationReason } from '../fault.ts';
import { type Kind, oneOf, someOf } from './members.ts';

export const connectionState = oneOf<ConnectionState>(['active', 'failing', 'needs_reauth']);

export const reauthorizationReason = oneOf<ReauthorizationReason>([
  'grant_dead',
  'answer_lost',
  'no_renewal_credential',
  'renewal_credential_expired',
]);

export const renewalKinds = someOf<RenewalKind>([
  'refresh_token',
  'password',
  'client_credentials',
]);

export const expirySource = oneOf<Schedule['expirySource']>([
  'expires_in',
  'expires_at',
  'jwt',
  'introspection',
  'default',
  'import',
  'unknown',
]);

export const warningCode = oneOf<WarningCode>([
  'refresh_failing',
  'client_refused',
  'outcome_unknown',
  'recently_refreshed',
  'renewal_expiring',
]);

export const remindDays: Kind<RemindDays> = {
  wanted: 'one of 30, 7, 1, 0',
  accepts: (value): value is RemindDays =>
    value === 30 || value === 7 || value === 1 || value === 0,
  substitute: 0,
};
