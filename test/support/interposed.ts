/** What happens around each call of a port's method; `call` makes it. */
export type Around = (method: string, call: () => Promise<unknown>) => Promise<unknown>;

/** Methods that answer at once, so that there is nothing to wait for. */
const answerAtOnce: ReadonlySet<string> = new Set(['prepareSeal', 'prepareCommit']);

/** The port, with something between it and whoever calls it. */
export function interposed<Port extends object>(port: Port, around: Around): Port {
  return new Proxy(port, {
    get: (target, name, receiver) => {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      if (answerAtOnce.has(name)) return member;
      return (...args: readonly unknown[]) =>
        around(name, async () => Reflect.apply(member, target, args));
    },
  });
}
