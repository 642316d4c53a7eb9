import {
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { list } from '../lib/config.ts';
import type { ClientName } from '../lib/names.ts';
import { Failure } from './failure.ts';
import type { Session } from './session.ts';

/** How a function of the stage was deployed; undefined when there is none of this name. */
export async function readDeployedFunction(
  { aws, stage }: Pick<Session, 'aws' | 'stage'>,
  name: string,
): Promise<FunctionConfiguration | undefined> {
  const FunctionName = `evergrant-${stage()}-${name}`;
  try {
    return await aws().lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/**
 * Where the HTTP interface of the stage is: as the command line says, else as deployed.
 *
 * @throws {Failure} `unknown` when nothing of this stage is deployed.
 */
export async function readApiUrl(session: Session): Promise<string> {
  const { apiUrl } = session.aws().settings;
  if (apiUrl !== undefined) return apiUrl;
  const deployed = await readDeployedFunction(session, 'connect');
  const url = deployed?.Environment?.Variables?.PUBLIC_BASE_URL;
  if (url !== undefined) return url;
  throw new Failure('unknown', {
    error: 'not_deployed',
    error_description: `stage ${session.stage()} is not deployed in this account and Region; see --stage, --region, --profile`,
  });
}

/** What to register at the vendor; undefined where the base URL is not known. */
export async function readRedirectUri(
  session: Session,
  client: ClientName,
): Promise<string | undefined> {
  try {
    return new URL(`/callback/${client}`, await readApiUrl(session)).href;
  } catch {
    // Not deployed yet, or not allowed to look: no reason to fail at what was asked.
    return undefined;
  }
}

/** Hosts that may have private addresses, as deployed; none where that cannot be read. */
export async function readAllowedHosts(session: Session): Promise<readonly string[]> {
  if (session.stage() === 'local') return [];
  try {
    const deployed = await readDeployedFunction(session, 'refresh');
    return list(deployed?.Environment?.Variables?.ALLOWED_PROVIDER_HOSTS ?? '');
  } catch {
    return [];
  }
}
