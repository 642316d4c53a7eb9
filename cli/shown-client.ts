import type { Client } from '../lib/providers/client.ts';
import { isJsonObject, type Json } from '../lib/providers/merge-patch.ts';
import { endpointOrigins } from '../lib/providers/params.ts';

const hidden = '(hidden)';

/**
 * A registration without its secrets: those of the client, the values of headers, and those of
 * fixed parameters, which somebody may have put a key into.
 *
 * @param written - the registration as stored.
 * @param redirectUri - what the vendor has to know; undefined where the base URL is not known.
 */
export function showClient(client: Client, written: Json, redirectUri: string | undefined): object {
  const { secrets, privateKey, definition, scope } = client;
  const stored = isJsonObject(written) ? written : {};
  const kind = privateKey ? 'private_key' : secrets.length > 0 ? 'client_secret' : 'none';
  return {
    client: client.name,
    provider: definition.name,
    client_id: client.clientId,
    authentication: kind,
    secrets: secrets.length,
    params: stored.params ?? {},
    ...(scope !== undefined && { scope }),
    return_urls: client.returnUrls,
    token_request_headers: Object.keys(client.tokenRequestHeaders),
    provider_overrides: hideValues(stored.provider_overrides ?? {}, false),
    origins: endpointOrigins(client),
    ...(redirectUri !== undefined && { redirect_uri: redirectUri }),
    version: client.version,
  };
}

/** Everything below `headers` and `params` that is text is hidden. */
function hideValues(value: Json, isSecret: boolean): Json {
  if (Array.isArray(value)) return value.map((each) => hideValues(each, isSecret));
  if (!isJsonObject(value)) return isSecret && typeof value === 'string' ? hidden : value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      hideValues(member, isSecret || name === 'headers' || name === 'params'),
    ]),
  );
}
