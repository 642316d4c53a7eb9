import type { Settings } from '../settings.ts';
import type { Clock } from '../time.ts';
import type { EndpointPorts } from './endpoint-request.ts';
import { httpsTransport } from './https-transport.ts';

/** The one stage in which providers may be simulators on this machine. It cannot be deployed. */
const loopbackStage = 'local';

/** How the endpoints of providers are reached. */
export function providerEndpoints(
  settings: Settings<'STAGE' | 'ALLOWED_PROVIDER_HOSTS' | 'NODE_TLS_REJECT_UNAUTHORIZED'>,
  clock: Clock,
): EndpointPorts {
  const transport = httpsTransport({
    allowLoopbackHttp: settings.STAGE === loopbackStage,
    allowedPrivateHosts: settings.ALLOWED_PROVIDER_HOSTS,
    tlsRejectUnauthorized: settings.NODE_TLS_REJECT_UNAUTHORIZED,
  });
  return { transport, clock };
}
