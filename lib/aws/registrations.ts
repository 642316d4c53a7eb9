import type { ClientRegistry } from '../broker/ports.ts';
import type { Settings } from '../settings.ts';
import { systemClock as clock } from '../time.ts';
import { secretsManagerClient } from './clients.ts';
import { secretsClientRegistry } from './secrets-client-registry.ts';

/** The registrations of a stage. */
export function registrations(settings: Settings<'STAGE'>): { readonly clients: ClientRegistry } {
  const { STAGE: stage } = settings;
  return { clients: secretsClientRegistry({ client: secretsManagerClient(), stage, clock }) };
}
