import { Fault } from '../../lib/fault.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { ServiceFault, Weather } from './weather.ts';

interface Surroundings {
  readonly timeline: Timeline;
  readonly random: Random;
  readonly weather: Weather;
}

/** A service of our own as its callers meet it: each call may be disturbed. */
export function disturbed<Port extends object>(
  around: Surroundings,
  name: string,
  port: Port,
): Port {
  const disturb = disturbance(around, name);
  return new Proxy(port, {
    get: (target, member) => {
      const method: unknown = Reflect.get(target, member);
      if (typeof method !== 'function') return method;
      return async (...args: readonly unknown[]) => {
        const run = async () => method.apply(target, args);
        const fault = around.weather.serviceFault(`${name}.${String(member)}`);
        return fault ? disturb(String(member), fault, run) : run();
      };
    },
  });
}

type Disturb = (
  operation: string,
  fault: ServiceFault,
  run: () => Promise<unknown>,
) => Promise<unknown>;

/** What becomes of a call that a fault strikes. */
function disturbance({ timeline, random }: Surroundings, name: string): Disturb {
  const wait = (ms: number) => new Promise<void>((resolve) => timeline.plan(ms, resolve));
  const fail = async (operation: string, afterMs: number): Promise<never> => {
    await wait(afterMs);
    throw new Fault('STORE_UNAVAILABLE', { store: name, operation });
  };
  /** Three tries of a second each, with their pauses. */
  const giveUpMs = () => random.between(1000, 3300);
  return async (operation, fault, run) => {
    timeline.trace(`${name}.${operation} ${fault}`);
    switch (fault) {
      case 'throttled':
        return fail(operation, 50);
      case 'not_reached':
        return fail(operation, giveUpMs());
      case 'answer_unheard':
        await run();
        return fail(operation, giveUpMs());
      case 'repeated':
        await run();
        await wait(1000);
        return run();
      case 'straggling': {
        const gaveUpMs = giveUpMs();
        timeline.plan(gaveUpMs + random.between(0, 5000), () => {
          timeline.trace(`${name}.${operation} arrives at last`);
          run().catch(() => undefined);
        });
        return fail(operation, gaveUpMs);
      }
      default:
        return fault satisfies never;
    }
  };
}
