import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { TransportError } from './transport.ts';

/** One address of a host, as `node:net` wants it from a `lookup`. */
export interface HostAddress {
  readonly address: string;
  readonly family: number;
}

/** Every address of a host name; rejects when there is none. */
export type LookupAddresses = (hostname: string) => Promise<readonly HostAddress[]>;

/** Which addresses, beside public ones, requests may go to. */
export interface AddressPolicy {
  /** Loopback, and plain http to it. For the local stage only. */
  readonly allowLoopbackHttp: boolean;
  /** Hosts that the operator runs inside the VPC; their addresses may be private. */
  readonly allowedPrivateHosts: readonly string[];
}

const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');
/** Where AWS answers inside a VPC over IPv6; instance metadata among it. */
const awsLocalServices = ipaddr.IPv6.parseCIDR('fd00:ec2::/32');
const privateRanges: readonly string[] = ['private', 'uniqueLocal', 'carrierGradeNat'];

/** The host of a URL as `node:net` takes it: an IPv6 literal without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}

/**
 * Resolves the host of a provider's URL once, and refuses it unless every address is one that a
 * provider may have. The connection is to go to these addresses and to no others, so that a second
 * answer of the name server cannot lead it elsewhere.
 *
 * Refused are loopback, private, link-local, unique local, carrier-grade NAT, unspecified,
 * multicast and reserved addresses, and IPv6 addresses that stand for an IPv4 one.
 *
 * @param url - from a definition; its host may depend on the operator's params.
 * @throws {TransportError} `address_refused`, or `network` when the name does not resolve. Nothing
 *   was sent.
 */
export async function resolveProviderAddresses(
  url: URL,
  policy: AddressPolicy,
  lookupAddresses: LookupAddresses = lookupEvery,
): Promise<readonly HostAddress[]> {
  const host = hostOf(url);
  const family = isIP(host);
  const addresses = family > 0 ? [{ address: host, family }] : await lookupAddresses(host);
  if (addresses.length === 0) throw new TransportError('network', false);

  const isPlain = url.protocol === 'http:';
  for (const { address } of addresses) {
    const kind = kindOf(address);
    const isAllowed =
      (kind === 'loopback' && policy.allowLoopbackHttp) ||
      (!isPlain && kind === 'public') ||
      (!isPlain && kind === 'private' && policy.allowedPrivateHosts.includes(host));
    if (!isAllowed) throw new TransportError('address_refused', false);
  }
  return addresses;
}

const lookupEvery: LookupAddresses = (hostname) => lookup(hostname, { all: true });

function kindOf(text: string): 'public' | 'private' | 'loopback' | 'forbidden' {
  if (!ipaddr.isValid(text)) return 'forbidden';
  const address = ipaddr.parse(text);
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (address instanceof ipaddr.IPv6 && address.match(awsLocalServices)) return 'forbidden';
  if (privateRanges.includes(range)) return 'private';
  if (range !== 'unicast') return 'forbidden';
  // What is neither named nor handed out: IPv4-compatible addresses (::7f00:1) among it.
  if (address instanceof ipaddr.IPv6 && !address.match(globalUnicast)) return 'forbidden';
  return 'public';
}
