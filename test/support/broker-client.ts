import type { AccessToken } from '../../lib/client/access-token.ts';
import { type Broker, type BrokerOptions, brokerOver } from '../../lib/client/broker.ts';
import type { EvergrantError } from '../../lib/client/evergrant-error.ts';
import type { Reply, Transport, VendRequest } from '../../lib/client/transport.ts';
import type { VendMessage } from '../../lib/http/answer-message.ts';
import { aMoment, type MovingClock, movingClock } from './moving-clock.ts';

/** The answer of a vend: a token of an hour, vended as soon as it was there. */
export function aVendAnswer(overrides: Partial<VendMessage> = {}): VendMessage {
  const { access_token = 'token-1', expires_in = 3600, obtained_at = aMoment } = overrides;
  return {
    client: 'hurma-acme',
    connection: 'ann',
    state: 'active',
    access_token,
    token_type: 'Bearer',
    expires_at: obtained_at + expires_in,
    expires_in,
    expiry_source: 'expires_in',
    obtained_at,
    scope: '',
    present: { in: 'header', name: 'Authorization', value: `Bearer ${access_token}` },
    api_base_url: 'https://acme.hurma.example/api/v3',
    values: {},
    ...overrides,
  };
}

/** A token whose end nobody knows. */
export function anEndlessAnswer(): object {
  const { expires_at: _at, expires_in: _in, ...rest } = aVendAnswer();
  return { ...rest, expiry_source: 'unknown' };
}

export const answered = (message: object): Reply => ({ outcome: 'answered', message });

export const problem = (error: string, more: object = {}): Reply =>
  answered({ error, error_description: `about ${error}`, status: 400, ...more });

export const networkDown: Reply = { outcome: 'unreachable', reason: 'network', mayRepeat: true };

/** One try, as the broker would see it. */
export interface Asked extends VendRequest {
  readonly timeoutMs: number;
}

export interface BrokerClient extends Broker {
  readonly clock: MovingClock;
  readonly asked: readonly Asked[];
  /** What the broker answers from now on. */
  readonly answerWith: (answer: (request: Asked) => Reply | Promise<Reply>) => void;
}

/** The client, its clock and its broker in the hands of a test. */
export function brokerClient(
  options: BrokerOptions = {},
  random: () => number = () => 0,
): BrokerClient {
  const asked: Asked[] = [];
  const clock = movingClock();
  let answer: (request: Asked) => Reply | Promise<Reply> = () => answered(aVendAnswer());
  const transport: Transport = {
    ask: async (request, timeoutMs) => {
      const one = { ...request, timeoutMs };
      asked.push(one);
      return answer(one);
    },
  };
  return {
    ...brokerOver(transport, options, { clock, random }),
    clock,
    asked,
    answerWith: (next) => {
      answer = next;
    },
  };
}

/** What a promise of a token came to: its value, or the class of the failure. */
export async function endingOf(promise: Promise<AccessToken>): Promise<string> {
  return promise.then(
    (token) => token.reveal(),
    (error: EvergrantError) => error.name,
  );
}
