/**
 * Revokes at the provider what deleted connections held (RFC 7009).
 *
 * @module
 */

import { registrations } from '../lib/aws/registrations.ts';
import { parseRevocationMessage } from '../lib/aws/revocation-message.ts';
import { seals } from '../lib/aws/seals.ts';
import { revokeTokens } from '../lib/broker/revoke-tokens.ts';
import { queueFunction } from '../lib/lambda/queue-function.ts';
import { functionLog } from '../lib/log.ts';
import { providerEndpoints } from '../lib/oauth/provider-endpoints.ts';
import { tokenRevoker } from '../lib/oauth/revoke-token.ts';
import { readSettings } from '../lib/settings.ts';
import { systemClock as clock } from '../lib/time.ts';

const settings = readSettings(
  process.env,
  'STAGE',
  'PROVIDER_TIMEOUT_SECONDS',
  'ALLOWED_PROVIDER_HOSTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
);
const log = functionLog();
const ports = {
  ...registrations(settings),
  ...seals(settings),
  revokeToken: tokenRevoker(providerEndpoints(settings, clock)),
  providerTimeoutSeconds: settings.PROVIDER_TIMEOUT_SECONDS,
  log,
};

export const handler = queueFunction(log, (body) =>
  revokeTokens(ports, parseRevocationMessage(body)),
);
