import type { RefreshInvoker, RefreshReply, RefreshRequest } from '../../lib/broker/ports.ts';

/** A `RefreshInvoker` that asks a function in this process, and keeps what was asked. */
export function memoryRefreshInvoker(
  refresh: (request: RefreshRequest) => Promise<RefreshReply | 'busy' | undefined>,
): RefreshInvoker & { readonly requests: readonly RefreshRequest[] } {
  const requests: RefreshRequest[] = [];
  return {
    requests,
    invoke: async (request) => {
      requests.push(request);
      return refresh(request);
    },
  };
}
