/**
 * The life of one connection over real HTTP, from consent to disconnect.
 *
 * @module
 */
import type { ClientName, ConnectionId, ConnectionKey } from '../../lib/names.ts';
import type { BrokerAnswer, BrokerApi } from '../playground/broker-api.ts';
import { callProvider } from '../playground/call-provider.ts';
import { newBrowser } from './browser.ts';
import { expectThat, type Recorder, recorder, type StepResult } from './steps.ts';

/** One grant of one provider, and what the provider makes of its end. */
export interface Walk {
  readonly provider: string;
  readonly client: string;
  readonly connection: string;
  /** How it is connected: through a browser, or by the body of a PUT. */
  readonly connect: 'authorization_code' | Readonly<Record<string, unknown>>;
  /** Whether the connection can renew itself. */
  readonly renewable: boolean;
}

export interface WalkPorts {
  readonly broker: BrokerApi;
  /** Runs the scheduler now, as its minute would. */
  readonly runSchedule: () => Promise<void>;
}

const accountId = 'ann';
const pollMs = 250;
/** Functions that have just been started may take long on a slow machine. */
const patienceMs = 120_000;

/** Walks; resolves when the connection is gone again, or at the first step that failed. */
export async function walk(ports: WalkPorts, plan: Walk, results: StepResult[]): Promise<void> {
  const key = { client: plan.client as ClientName, connection: plan.connection as ConnectionId };
  const grant =
    plan.connect === 'authorization_code' ? plan.connect : String(plan.connect.grant_type);
  const record = recorder({ provider: plan.provider, grant }, results);
  try {
    await connect(ports, record, { ...plan, key });
    const first = await vendAndCall(ports, record, { key, step: 'vend' });
    await awaitExpiry(record, first);
    if (plan.renewable) {
      const second = await vendAndCall(ports, record, { key, step: 'refresh', after: first });
      await awaitScheduledRefresh(ports, record, { key, after: second });
    } else {
      await seeReauthorization(ports, record, key);
      await connect(ports, record, { ...plan, key });
      await vendAndCall(ports, record, { key, step: 'vend', after: first });
    }
    await disconnect(ports, record, key);
  } catch {
    // It stands in the results.
  }
}

async function connect(
  { broker }: WalkPorts,
  { step }: Recorder,
  { connect: how, key }: Walk & { readonly key: ConnectionKey },
): Promise<void> {
  if (how !== 'authorization_code') {
    await step('connect', async () => {
      const { status } = await broker.connectDirectly(key, how);
      expectThat(status === 201 || status === 200, `PUT was answered ${status}`);
      return { value: undefined, detail: `${status}` };
    });
    return;
  }
  const browser = newBrowser();
  const link = await step('connect session', async () => {
    const { status, body } = await broker.beginConnection(key);
    expectThat(status === 201, `POST /connect-sessions was answered ${status}`);
    return { value: String(body.authorize_url), detail: `${status}` };
  });
  const consent = await step('authorize', async () => {
    const { status, location } = await browser.open(link);
    expectThat(status === 302 && location !== undefined, `it was answered ${status}`);
    return { value: location, detail: `302 to ${new URL(location).host}` };
  });
  const answer = await step('login', async () => {
    const page = await browser.open(consent);
    expectThat(page.status === 200, `the login page was answered ${page.status}`);
    const sent = await browser.submit(consent, { account: accountId, decision: 'allow' });
    expectThat(sent.location !== undefined, `the login was answered ${sent.status}`);
    return { value: sent.location, detail: `${page.status}, then ${sent.status}` };
  });
  await step('callback', async () => {
    const { status } = await browser.open(answer);
    expectThat(status === 200, `it was answered ${status}`);
    return { value: undefined, detail: `${status} connected` };
  });
}

/** A vended token, as much of it as the next steps need. */
interface Vended {
  readonly accessToken: string;
  readonly expiresAt: number;
  readonly answer: BrokerAnswer;
}

async function vendAndCall(
  { broker }: WalkPorts,
  { step }: Recorder,
  { key, step: name, after }: { key: ConnectionKey; step: string; after?: Vended },
): Promise<Vended> {
  const vended = await step(name, async () => {
    const answer = await vendInTime(broker, key);
    const { access_token: accessToken, expires_at: expiresAt, expires_in } = answer.body;
    expectThat(answer.status === 200, `vend answered ${answer.status} ${answer.body.error}`);
    expectThat(typeof accessToken === 'string', 'there is no access_token in the answer');
    expectThat(typeof expiresAt === 'number', 'there is no expires_at in the answer');
    expectThat(accessToken !== after?.accessToken, 'the token is the old one');
    return { value: { accessToken, expiresAt, answer }, detail: `expires in ${expires_in} s` };
  });
  await step('API call', async () => {
    const { accepted, said } = await callApi(vended);
    expectThat(accepted, `the API answered ${said}`);
    return { value: undefined, detail: said };
  });
  return vended;
}

/** Asks again while it is told to: functions that are still starting take longer than a vend waits. */
async function vendInTime(broker: BrokerApi, key: ConnectionKey): Promise<BrokerAnswer> {
  const giveUpMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await broker.vendDirectly(key);
    if (answer.status !== 503 || performance.now() > giveUpMs) return answer;
    await sleep(pollMs);
  }
}

/** A life counts from when the token was asked for: on a slow machine the provider ends it later. */
async function awaitExpiry({ step }: Recorder, vended: Vended): Promise<void> {
  await step('expiry', async () => {
    await sleep(vended.expiresAt * 1000 - Date.now() + 50);
    // Its time counts from when it was asked for; the provider's own began when it answered.
    const giveUpMs = performance.now() + patienceMs;
    for (;;) {
      const { accepted, said } = await callApi(vended);
      if (!accepted) return { value: undefined, detail: `the API answers ${said}` };
      expectThat(performance.now() < giveUpMs, 'the API still takes the token');
      await sleep(pollMs);
    }
  });
}

/** Calls the provider's API; Humanity's errors stand inside HTTP 200, as a `status` other than 1. */
async function callApi({ answer }: Vended): Promise<{ accepted: boolean; said: string }> {
  const call = await callProvider(answer.body);
  expectThat(call !== undefined, 'the vend answer does not tell where the API is');
  const [, code] = /"status":(-?\d+)/.exec(call.body) ?? [];
  if (answer.body.client !== 'humanity-acme' || code === undefined) {
    return { accepted: call.status === 200, said: `${call.status}` };
  }
  return { accepted: call.status === 200 && code === '1', said: `${call.status}, status ${code}` };
}

async function awaitScheduledRefresh(
  { broker, runSchedule }: WalkPorts,
  { step }: Recorder,
  { key, after }: { readonly key: ConnectionKey; readonly after: Vended },
): Promise<void> {
  await step('scheduled refresh', async () => {
    await sleep(after.expiresAt * 1000 - Date.now());
    await runSchedule();
    const giveUpMs = performance.now() + patienceMs;
    for (;;) {
      const { body } = await broker.show(key);
      const expiresAt = Number(body.access_token_expires_at);
      if (body.state === 'active' && expiresAt > after.expiresAt) {
        return { value: undefined, detail: 'active' };
      }
      expectThat(performance.now() < giveUpMs, `the connection is ${body.state}, not refreshed`);
      await sleep(pollMs);
    }
  });
}

async function seeReauthorization(
  { broker }: WalkPorts,
  { step }: Recorder,
  key: ConnectionKey,
): Promise<void> {
  await step('vend', async () => {
    const { status, body } = await vendInTime(broker, key);
    expectThat(status === 409, `vend answered ${status}, not 409`);
    return { value: undefined, detail: `409 ${body.error}: ${body.reason}` };
  });
}

async function disconnect(
  { broker }: WalkPorts,
  { step }: Recorder,
  key: ConnectionKey,
): Promise<void> {
  await step('disconnect', async () => {
    const { status } = await broker.disconnect(key);
    expectThat(status === 204, `DELETE was answered ${status}`);
    const shown = await broker.show(key);
    expectThat(shown.status === 404, `GET was then answered ${shown.status}`);
    return { value: undefined, detail: '204, then 404' };
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
