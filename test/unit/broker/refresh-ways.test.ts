/** What holds of a refresh at each of its calls, whichever way it goes. */
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../lib/fault.ts';
import { callsOf, goWay, type WayName, wayNames } from '../../support/refresh-ways.ts';

/** Goes a way whose call of that number fails; answers the reply, or what was thrown. */
async function goWayFailing(name: WayName, failing: number, error: unknown): Promise<unknown> {
  let calls = 0;
  const ending = goWay(name, async (_, call) => {
    calls += 1;
    if (calls - 1 === failing) throw error;
    return call();
  });
  return ending.catch((thrown: unknown) => thrown);
}

/** An error of somebody else's that bears a code like one of ours. */
const lookalike = (code: string) => Object.assign(new TypeError('a mistake'), { code });

describe.each(wayNames)('a refresh %s', (name) => {
  it.each(['STORE_UNAVAILABLE', 'ROW_INVALID', 'REQUEST_INVALID'])(
    'throws on a mistake in whatever call, though it be called %s',
    async (code) => {
      const calls = await callsOf(name);
      const mistake = lookalike(code);

      expect(calls.length).toBeGreaterThan(3);
      for (const [index, method] of calls.entries()) {
        expect(await goWayFailing(name, index, mistake), method).toBe(mistake);
      }
    },
  );

  it('throws on a fault that no port promises, but for what is readied before the lease', async () => {
    const calls = await callsOf(name);
    const fault = new Fault('CONFIGURATION_INVALID', { problems: ['none'] });
    const [lease] = [calls.indexOf('acquire'), calls.length].filter((index) => index > 0);

    for (const [index, method] of calls.entries()) {
      const ending = await goWayFailing(name, index, fault);
      // Row and token are read first. The refusal of a client is lifted by the next refresh.
      const isReadied = index >= 2 && index < (lease ?? 0);
      const isPutOff =
        method === 'takeProbe' ||
        (/not ready|no time|another makes/.test(name) && /^(defer|note)$/.test(method));
      if (isReadied && !isPutOff) {
        expect(ending, method).toMatchObject({ warning: { code: 'refresh_failing' } });
      } else if (/refused now/.test(name) && method === 'read' && index > (lease ?? 0)) {
        // Of a registration that cannot be read anew the refusal stands.
        expect(ending, method).toMatchObject({ warning: { code: 'client_refused' } });
      } else if (method === 'clearRefused') {
        expect(ending).toMatchObject({ outcome: 'refreshed' });
      } else {
        expect(ending, method).toBe(fault);
      }
    }
  });

  it('is answered only when all that it asked has been answered', async () => {
    let pending = 0;
    const reply = goWay(name, async (_, call) => {
      pending += 1;
      await new Promise((resolve) => setImmediate(resolve));
      try {
        return await call();
      } finally {
        await new Promise((resolve) => setImmediate(resolve));
        pending -= 1;
      }
    });

    await reply;

    expect(pending).toBe(0);
  });
});
