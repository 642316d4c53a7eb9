/**
 * `POST /connections/{client}/{connection}/token`: vends an access token over HTTP.
 *
 * @module
 */
import accessPolicy from '#access-policy' with { type: 'json' };
import { clock } from '../lib/aws/tables.ts';
import { vending, vendSettings } from '../lib/aws/vending.ts';
import { parseAccessPolicy } from '../lib/broker/access-policy.ts';
import { auditedVend } from '../lib/broker/audited-vend.ts';
import { vendAccessToken } from '../lib/broker/vend-access-token.ts';
import { vendMessage } from '../lib/http/answer-message.ts';
import { iamFunction, json } from '../lib/http/iam-function.ts';
import { parseVendRequest } from '../lib/http/request-message.ts';
import { timedVend } from '../lib/lambda/timed-vend.ts';
import { functionLog } from '../lib/log.ts';
import { keyText, parseConnectionKey } from '../lib/names.ts';
import { readSettings } from '../lib/settings.ts';

const ports = vending(readSettings(process.env, ...vendSettings));
const wrapping = { log: functionLog(clock), policy: parseAccessPolicy(accessPolicy) };

export const handler = iamFunction(wrapping, {
  'POST /connections/{client}/{connection}/token': async ({ pathParameters, body, decide }) => {
    const vended = await timedVend({ ...wrapping, clock: ports.clock }, async () => {
      const key = parseConnectionKey(pathParameters);
      return auditedVend(wrapping.log, decide('vend', keyText(key)), () =>
        vendAccessToken(ports, parseVendRequest(body({}), key)),
      );
    });
    return json(200, vendMessage(vended, ports.clock.now()));
  },
});
