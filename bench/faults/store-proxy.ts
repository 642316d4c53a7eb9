import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { loopback } from '../../local/http-server.ts';
import { localUrl } from '../../local/ports.ts';

/** How a store is away: it turns everyone away, or it takes everything and answers nothing. */
export type Outage = 'refused' | 'frozen';

/** A way to the store that can be cut, as if the store itself were away. */
export interface StoreProxy {
  readonly url: string;
  readonly cut: (outage: Outage) => void;
  /** Ends the outage. What a frozen store was sent meanwhile reaches it now. */
  readonly mend: () => void;
  readonly close: () => Promise<void>;
}

interface Pair {
  readonly caller: Socket;
  readonly store: Socket;
}

export async function startStoreProxy(storeUrl: string): Promise<StoreProxy> {
  const pairs = new Set<Pair>();
  let outage: Outage | undefined;

  const server = createServer({ pauseOnConnect: true }, (caller) => {
    if (outage === 'refused') {
      caller.resetAndDestroy();
      return;
    }
    const pair = { caller, store: connect(Number(new URL(storeUrl).port), loopback) };
    pairs.add(pair);
    endTogether(pair, () => pairs.delete(pair));
    if (outage === undefined) join(pair);
  });
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve));
  return {
    url: localUrl((server.address() as AddressInfo).port),
    cut: (next) => {
      outage = next;
      for (const pair of pairs) {
        if (next === 'refused') pair.caller.resetAndDestroy();
        else part(pair);
      }
    },
    mend: () => {
      outage = undefined;
      for (const pair of pairs) join(pair);
    },
    close: () => {
      for (const { caller } of pairs) caller.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function endTogether({ caller, store }: Pair, ended: () => void): void {
  const end = () => {
    ended();
    caller.destroy();
    store.destroy();
  };
  for (const socket of [caller, store]) {
    socket.setNoDelay(true);
    socket.on('error', end);
    socket.on('close', end);
  }
}

function join({ caller, store }: Pair): void {
  caller.pipe(store);
  store.pipe(caller);
}

function part({ caller, store }: Pair): void {
  for (const socket of [caller, store]) {
    socket.unpipe();
    socket.pause();
  }
}
