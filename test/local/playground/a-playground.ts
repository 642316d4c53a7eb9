import type { ActionResult } from '../../../local/playground/actions.ts';
import { startPlayground } from '../../../local/playground/server.ts';
import type { DefinedProvider } from '../../../local/simulators/defined/defined-provider.ts';
import { aMovableClock } from '../simulators/a-simulator.ts';
import { aFakeStack, type FakeStack } from './a-fake-stack.ts';

export const vendPath = 'POST /2015-03-31/functions/evergrant-local-vend/invocations';
export const ann = { client: 'hurma-acme', connection: 'ann' };

/** A playground before a made-up stack, and the few verbs that its tests speak. */
export interface PlaygroundUnderTest {
  readonly url: string;
  readonly fake: FakeStack;
  readonly open: (path: string, init?: RequestInit) => Promise<Response>;
  /** Sends the form that begins a redirect. */
  readonly connect: (
    form: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
  /** Does what a button of the page does. */
  readonly act: (
    action: string,
    input?: unknown,
  ) => Promise<{ readonly status: number; readonly result: ActionResult }>;
  readonly close: () => Promise<void>;
}

export async function aPlayground(
  defined: readonly DefinedProvider[] = [],
): Promise<PlaygroundUnderTest> {
  const fake = await aFakeStack();
  const server = await startPlayground({
    port: 0,
    stack: fake.stack,
    defined,
    clock: aMovableClock(),
  });
  const open = (path: string, init: RequestInit = {}) =>
    fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
  return {
    url: server.url,
    fake,
    open,
    connect: (form, headers = {}) =>
      open('/connect', { method: 'POST', body: new URLSearchParams(form), headers }),
    act: async (action, input = ann) => {
      const response = await open(`/actions/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(input),
      });
      const result: ActionResult = JSON.parse(await response.text());
      return { status: response.status, result };
    },
    close: async () => {
      await server.close();
      await fake.close();
    },
  };
}
