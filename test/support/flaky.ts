import { Fault } from '../../lib/fault.ts';

/** What a port's method answers when the service behind it is down. */
export const storeDown = async (): Promise<never> => {
  throw new Fault('STORE_UNAVAILABLE', { store: 'a-store', operation: 'a-call' });
};

/**
 * A port some of whose methods a test may replace while it runs.
 *
 * @returns the port, and a way to replace a method until the function that comes back is called.
 */
export function replaceable<Port extends object>(
  real: Port,
): Port & {
  readonly replace: <Name extends keyof Port>(name: Name, by: Port[Name]) => () => void;
} {
  const port = { ...real };
  return Object.assign(port, {
    replace: <Name extends keyof Port>(name: Name, by: Port[Name]) => {
      port[name] = by;
      return () => {
        port[name] = real[name];
      };
    },
  });
}
