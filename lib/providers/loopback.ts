/**
 * Whether a URL's host can only be this machine: the one place where plain HTTP is not a leak.
 *
 * @param hostname - of a parsed `URL`, which has brought every spelling of an address into one.
 */
export function isLoopbackHostname(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
