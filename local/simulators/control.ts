/**
 * The control interface of a simulator, for tests, the demonstration and the playground. No vendor
 * has it.
 *
 * @module
 */

import type { CallLog } from './call-log.ts';
import type { GrantLedger } from './grant-ledger.ts';
import type { CommonSettings } from './settings.ts';
import { json, type Reply, readJsonObject, type SimulatedRequest } from './simulated-http.ts';
import type { TroubleMaker } from './trouble.ts';
import type { RegisteredClient } from './vendor.ts';

export interface Controls<S extends CommonSettings = CommonSettings> {
  readonly clients: readonly RegisteredClient[];
  readonly ledger: GrantLedger;
  readonly trouble: TroubleMaker;
  readonly log: CallLog;
  readonly settings: () => S;
  /** Answers what is wrong with the input; nothing: it holds from now on. */
  readonly changeSettings: (input: Readonly<Record<string, unknown>>) => readonly string[];
  readonly reset: () => void;
}

/**
 * Answers `/_control/{settings, expire, fail, log, reset}`.
 *
 * What changes something wants a JSON body, which a foreign web page cannot send unasked.
 */
export function answerControl(request: SimulatedRequest, controls: Controls): Reply {
  const operation = `${request.method} ${request.path.slice('/_control/'.length)}`;
  if (operation === 'GET log') return json(200, { calls: controls.log.list() }, 'log');
  if (operation === 'GET settings') return json(200, controls.settings(), 'settings');

  const input = readJsonObject(request);
  if (!input) return refuse(400, ['the body must be a JSON object']);
  switch (operation) {
    case 'POST settings': {
      const problems = controls.changeSettings(input);
      return problems.length > 0
        ? refuse(400, problems)
        : json(200, controls.settings(), 'settings');
    }
    case 'POST expire':
      return expire(input, controls);
    case 'POST fail': {
      const problems = controls.trouble.order(input);
      return problems.length > 0 ? refuse(400, problems) : json(200, {}, 'fail');
    }
    case 'POST reset':
      controls.reset();
      return json(200, {}, 'reset');
    default:
      return refuse(404, ['there is no such control']);
  }
}

/** `{ "client"?: our name of it, "account"?: the vendor's id, "access_token_sha256"? }`; `{}`: all. */
function expire(input: Readonly<Record<string, unknown>>, controls: Controls): Reply {
  const { client: name, account, access_token_sha256: tokenSha256 } = input;
  const client = controls.clients.find((known) => known.name === name);
  if (name !== undefined && !client) return refuse(400, ['client is not known here']);
  if (account !== undefined && typeof account !== 'string') {
    return refuse(400, ['account must be a string']);
  }
  if (tokenSha256 !== undefined && typeof tokenSha256 !== 'string') {
    return refuse(400, ['access_token_sha256 must be a string']);
  }
  const expired = controls.ledger.expireAccessTokens({
    ...(client ? { clientId: client.clientId } : {}),
    ...(account === undefined ? {} : { accountId: account }),
    ...(tokenSha256 === undefined ? {} : { tokenSha256 }),
  });
  return json(200, { expired }, 'expire');
}

function refuse(status: number, problems: readonly string[]): Reply {
  return json(status, { problems }, 'refused');
}
