/**
 * Vends an access token to another Lambda function that invokes this one.
 *
 * Such an invocation carries no identity: what may be asked for is fixed by `VEND_ALLOW`, and who
 * may ask by the right to invoke.
 *
 * @module
 */
import { clock } from '../lib/aws/tables.ts';
import { vending, vendSettings } from '../lib/aws/vending.ts';
import { matches } from '../lib/broker/access-policy.ts';
import { auditedVend } from '../lib/broker/audited-vend.ts';
import { vendAccessToken } from '../lib/broker/vend-access-token.ts';
import { vendMessage } from '../lib/http/answer-message.ts';
import { parseVendRequest } from '../lib/http/request-message.ts';
import { directFunction } from '../lib/lambda/direct-function.ts';
import { reachOf } from '../lib/lambda/reach.ts';
import { timedVend } from '../lib/lambda/timed-vend.ts';
import { functionLog } from '../lib/log.ts';
import { keyText } from '../lib/names.ts';
import { readSettings } from '../lib/settings.ts';

const settings = readSettings(process.env, ...vendSettings, 'VEND_ALLOW');
const ports = vending(settings);
const log = functionLog(clock);

export const handler = directFunction(log, async (event, context) => {
  const vended = await timedVend({ log, clock: ports.clock }, async () => {
    const request = parseVendRequest(event);
    const connection = keyText(request);
    const isAllowed = settings.VEND_ALLOW.some((pattern) => matches(pattern, connection));
    const decision = { reach: reachOf(context), connection, isAllowed };
    return auditedVend(log, decision, () => vendAccessToken(ports, request));
  });
  return vendMessage(vended, ports.clock.now());
});
