import { inParallel } from '../stack/in-parallel.ts';
import { startStack } from '../stack/start-stack.ts';
import { buildAuthorizeEvent, buildCallbackEvent, type FlowWorkers } from './browser-flow.ts';
import { describeTimes, measureOnce } from './invocation-figures.ts';
import { type Measure, repeat } from './measure.ts';

/** What the functions take that a person's browser waits for. */
export const browser: Measure = async function* ({ build, quick, runs, tell }) {
  const times = quick ? 10 : 100;
  const stack = await startStack(build, { clients: ['walked'] });
  try {
    const keys = ['connect', 'authorize', 'callback'] as const;
    const [connect, authorize, callback] = (
      await Promise.all(keys.map((key) => stack.start({ key, count: 1 })))
    ).flat();
    const measured = { authorize, callback };
    const flow: FlowWorkers = { connect, authorize };
    const builders = { authorize: buildAuthorizeEvent, callback: buildCallbackEvent };
    for (const kind of ['authorize', 'callback'] as const) {
      tell(kind);
      // One run more, first, so that the process is warm.
      const results = await repeat(runs + 1, async (run) => {
        const turns = Array.from({ length: times }, (_, index) => `${kind}-${run}-${index}`);
        const events = await inParallel(turns, 8, (connection) =>
          builders[kind](flow, { client: 'walked', connection }),
        );
        return measureOnce(measured[kind], { events, times });
      });
      const parameters = { provider_latency_ms: 0, invocations_per_run: times };
      yield describeTimes({ name: `browser.${kind}`, measured: results.slice(1), parameters });
    }
  } finally {
    await stack.close();
  }
};
