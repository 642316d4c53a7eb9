import { type Clock, type EpochSeconds, systemClock } from '../../../lib/time.ts';
import { demoClients } from '../../../local/simulators/demo-accounts.ts';
import type { CommonSettings } from '../../../local/simulators/settings.ts';
import { startSimulator } from '../../../local/simulators/simulator.ts';
import type { Vendor } from '../../../local/simulators/vendor.ts';

/** Where the clients of the tests have their redirect URIs. */
export const publicBaseUrl = 'http://127.0.0.1:3999';

export interface MovableClock extends Clock {
  readonly advance: (seconds: number) => void;
}

export function aMovableClock(): MovableClock {
  let now = 1_790_000_000;
  return {
    ...systemClock,
    now: () => now as EpochSeconds,
    advance: (seconds) => {
      now += seconds;
    },
  };
}

/** A vendor on a free port, and the few verbs that its tests speak. */
export interface SimulatorUnderTest {
  readonly url: string;
  readonly clock: MovableClock;
  readonly close: () => Promise<void>;
  readonly send: (path: string, init?: RequestInit) => Promise<SeenReply>;
  readonly postForm: (
    path: string,
    form: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<SeenReply>;
  readonly postJson: (path: string, body: object) => Promise<SeenReply>;
  /** Answers the consent page at `path` with its query, as the form does. */
  readonly consent: (
    path: string,
    query: Readonly<Record<string, string>>,
    form?: Readonly<Record<string, string>>,
  ) => Promise<SeenReply>;
  readonly control: (operation: string, body: object) => Promise<SeenReply>;
}

export interface SeenReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into bodies of every shape
  readonly body: any;
  /** The query of the redirect. */
  readonly callback: URLSearchParams;
}

export async function aSimulator<S extends CommonSettings>(
  vendor: Vendor<S>,
  options: { readonly stateFile?: string; readonly clock?: MovableClock } = {},
): Promise<SimulatorUnderTest> {
  const clock = options.clock ?? aMovableClock();
  const server = await startSimulator(vendor, {
    port: 0,
    clients: demoClients
      .filter((client) => client.vendor === vendor.name)
      .map((client) => ({ ...client, redirectUris: [redirectUriOf(client.name)] })),
    ...options,
    clock,
  });
  const send = async (path: string, init: RequestInit = {}): Promise<SeenReply> => {
    const response = await fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
    return readReply(response);
  };
  const postJson = (path: string, body: object) =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const postForm: SimulatorUnderTest['postForm'] = (path, form, headers = {}) =>
    send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(form).toString(),
    });
  return {
    ...server,
    clock,
    send,
    postForm,
    postJson,
    consent: (path, query, form = { account: 'ann', decision: 'allow' }) =>
      postForm(`${path}?${new URLSearchParams(query)}`, form),
    control: (operation, body) => postJson(`/_control/${operation}`, body),
  };
}

export function redirectUriOf(client: string): string {
  return `${publicBaseUrl}/callback/${client}`;
}

async function readReply(response: Response): Promise<SeenReply> {
  const text = await response.text();
  const location = response.headers.get('location');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: response.headers.get('content-type') === 'application/json' ? JSON.parse(text) : {},
    callback: location === null ? new URLSearchParams() : new URL(location).searchParams,
  };
}

/** The parameters without those named. */
export function without<T extends Readonly<Record<string, string>>>(
  parameters: T,
  ...names: readonly string[]
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => !names.includes(name)));
}
