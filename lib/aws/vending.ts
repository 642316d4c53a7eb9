import { randomToken } from '../broker/one-time-token.ts';
import { tokenCache } from '../broker/token-cache.ts';
import { unknownConnections } from '../broker/unknown-connections.ts';
import type { VendPorts } from '../broker/vended-token.ts';
import type { Settings } from '../settings.ts';
import { lambdaClient } from './clients.ts';
import { lambdaRefreshInvoker } from './lambda-refresh-invoker.ts';
import { seals } from './seals.ts';
import { clock, tokenTable } from './tables.ts';

/** The settings of both functions that vend. */
export const vendSettings = ['STAGE', 'TOKENS_TABLE', 'REFRESH_FUNCTION'] as const;

/** What vending needs, direct and over HTTP alike. */
export function vending(settings: Settings<(typeof vendSettings)[number]>): VendPorts {
  return {
    ...tokenTable(settings),
    ...seals(settings),
    refresher: lambdaRefreshInvoker({
      client: lambdaClient(),
      functionName: settings.REFRESH_FUNCTION,
    }),
    cache: tokenCache(),
    unknownConnections: unknownConnections(),
    clock,
    random: Math.random,
    randomToken,
  };
}
