import type { Banner } from './page.ts';

const statuses: Readonly<Record<string, Banner>> = {
  connected: { ok: true, text: 'Connected.' },
  confirm: { ok: true, text: 'Granted, and waiting to be confirmed.' },
  denied: { ok: false, text: 'The account’s owner denied it. Nothing was connected.' },
  failed: { ok: false, text: 'The connection was not made.' },
};

const errors: Readonly<Record<string, string>> = {
  access_denied: 'Access was denied.',
  expired: 'It took too long; begin again.',
  invalid_response: 'The provider’s answer was not valid.',
  account_mismatch: 'This is another account than the one connected before.',
  exchange_failed: 'The provider refused the code.',
  provider_unavailable: 'The provider did not answer.',
  client_refused: 'The provider refuses our client id or secret.',
  server_error: 'Something failed here; the functions’ log tells what.',
};

/**
 * What to say after a browser comes back, from the fixed lists of the interface.
 *
 * @param query - of the return URL; untrusted, and nothing of it is repeated.
 */
export function readReturn(query: URLSearchParams): Banner | undefined {
  const banner = lookUp(statuses, query.get('status'));
  const reason = lookUp(errors, query.get('error'));
  return banner && reason && !banner.ok ? { ...banner, text: `${banner.text} ${reason}` } : banner;
}

function lookUp<Value>(list: Readonly<Record<string, Value>>, name: string | null) {
  return name !== null && Object.hasOwn(list, name) ? list[name] : undefined;
}
