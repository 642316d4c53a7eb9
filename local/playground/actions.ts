/**
 * What the buttons of the page do. Each ends in a card for the page to show.
 *
 * @module
 */
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import type { BrokerAnswer, BrokerApi, PlaygroundStack } from './broker-api.ts';
import { callProvider, maskToken } from './call-provider.ts';
import type { DueMaker } from './make-due.ts';
import { expireAtSimulator } from './simulator-control.ts';

export interface ActionPorts {
  readonly broker: BrokerApi;
  readonly dueMaker: DueMaker;
  readonly providers: PlaygroundStack['providers'];
}

/** How an action ended, for the page. */
export interface ActionResult {
  readonly ok: boolean;
  readonly title: string;
  readonly text: string;
  /** Shown as it is; tokens in it are masked. */
  readonly detail?: string;
  /** The token itself, which the page holds back until it is asked to reveal it. */
  readonly token?: string;
}

/** The page's form or button: a connection's address, and what else was filled in. */
export interface ActionInput extends ConnectionKey {
  readonly fields: Readonly<Record<string, string>>;
}

export type Action = (ports: ActionPorts, input: ActionInput) => Promise<ActionResult>;

export const actions: Readonly<Record<string, Action>> = {
  password: connectByPassword,
  'client-credentials': connectByClientCredentials,
  vend: (ports, input) => vend(input, ports.broker.vendDirectly),
  'vend-http': (ports, input) => vend(input, ports.broker.vendOverHttp),
  call: callApi,
  expire,
  refresh,
  disconnect,
};

async function connectByPassword(ports: ActionPorts, input: ActionInput): Promise<ActionResult> {
  const { username = '', password = '', retain } = input.fields;
  const answer = await ports.broker.connectDirectly(keyOf(input), {
    grant_type: 'password',
    username,
    password,
    retain_credentials: retain === 'on',
  });
  return report(answer, `Connected ${keyText(input)}`, 'With user name and password.');
}

async function connectByClientCredentials(
  ports: ActionPorts,
  input: ActionInput,
): Promise<ActionResult> {
  const { client: _client, connection: _connection, ...params } = input.fields;
  const answer = await ports.broker.connectDirectly(keyOf(input), {
    grant_type: 'client_credentials',
    ...(Object.keys(params).length > 0 ? { params } : {}),
  });
  return report(answer, `Connected ${keyText(input)}`, 'With the client’s own credentials.');
}

async function vend(
  input: ActionInput,
  ask: (key: ConnectionKey) => Promise<BrokerAnswer>,
): Promise<ActionResult> {
  const answer = await ask(keyOf(input));
  const { expires_in } = answer.body;
  const text =
    typeof expires_in === 'number'
      ? `Good for another ${expires_in} seconds.`
      : 'The provider did not say how long it lives.';
  return report(answer, `Vended a token for ${keyText(input)}`, text);
}

async function callApi(ports: ActionPorts, input: ActionInput): Promise<ActionResult> {
  const vended = await ports.broker.vendDirectly(keyOf(input));
  if (vended.status !== 200) return report(vended, '', '');
  const call = await callProvider({ client: input.client, ...vended.body });
  if (!call) {
    return failure('No address to call', 'The answer carries no api_base_url; set api.base_url.');
  }
  return {
    ok: call.status < 400,
    title: `The API answered ${call.status}`,
    text: `Called with the vended token of ${keyText(input)}, presented as the answer says.`,
    detail: `${call.request}\n\n${call.body}`,
  };
}

async function expire(ports: ActionPorts, input: ActionInput): Promise<ActionResult> {
  const { body } = await ports.broker.vendDirectly(keyOf(input));
  if (!(await ports.dueMaker.makeDue(keyOf(input)))) {
    return failure('Nothing to expire', `There is no connection ${keyText(input)}.`);
  }
  const ended =
    typeof body.access_token === 'string' &&
    (await expireAtSimulator(ports.providers, input.client, body.access_token));
  const where = ended ? 'here and at the simulated provider' : 'here; the provider was not asked';
  return {
    ok: true,
    title: `Expired the token of ${keyText(input)}`,
    text:
      `It has ended ${where}. The next vend refreshes it, or the schedule within a minute; ` +
      'a warm vend may hold the old token for up to 30 seconds.',
  };
}

async function refresh(ports: ActionPorts, input: ActionInput): Promise<ActionResult> {
  if (!(await ports.dueMaker.makeDue(keyOf(input)))) {
    return failure('Nothing to refresh', `There is no connection ${keyText(input)}.`);
  }
  const answer = await ports.broker.vendOverHttp(keyOf(input));
  const text =
    'It was made due and a token was asked for. If a warm vend still answered from its memory, ' +
    'the schedule refreshes it at the next full minute: watch “last refreshed”.';
  return report(answer, `Asked for a fresh token of ${keyText(input)}`, text);
}

async function disconnect(ports: ActionPorts, input: ActionInput): Promise<ActionResult> {
  const answer = await ports.broker.disconnect(keyOf(input));
  return report(answer, `Disconnected ${keyText(input)}`, 'Its tokens are gone from here.');
}

function keyOf({ client, connection }: ActionInput): ConnectionKey {
  return { client, connection };
}

/** The interface's own words for a failure; they never carry a secret or a provider's text. */
function report(answer: BrokerAnswer, title: string, text: string): ActionResult {
  const { status, body } = answer;
  if (status >= 400) {
    const { error, error_description, message } = body;
    const told = [error_description, message].find((words) => typeof words === 'string');
    return {
      ...failure(`${status} ${typeof error === 'string' ? error : ''}`.trim(), `${told ?? ''}`),
      detail: JSON.stringify(body, undefined, 2),
    };
  }
  const token = typeof body.access_token === 'string' ? body.access_token : undefined;
  const shown = JSON.stringify(body, undefined, 2);
  return {
    ok: true,
    title,
    text,
    ...(shown === '{}'
      ? {}
      : { detail: token === undefined ? shown : shown.replaceAll(token, maskToken(token)) }),
    ...(token === undefined ? {} : { token }),
  };
}

function failure(title: string, text: string): ActionResult {
  return { ok: false, title, text };
}
