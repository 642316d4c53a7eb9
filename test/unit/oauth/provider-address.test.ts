import { describe, expect, it } from 'vitest';
import { hostOf, resolveProviderAddresses } from '../../../lib/oauth/provider-address.ts';

const strict = { allowLoopbackHttp: false, allowedPrivateHosts: ['auth.internal'] };
const local = { allowLoopbackHttp: true, allowedPrivateHosts: [] };
const lookupTo =
  (...addresses: readonly string[]) =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const refused = { name: 'TransportError', trouble: 'address_refused', sent: false };

const forbidden: readonly (readonly [kind: string, address: string])[] = [
  ['unspecified', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['link-local, metadata', '169.254.169.254'],
  ['link-local, container credentials', '169.254.170.2'],
  ['multicast', '224.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['reserved', '240.0.0.1'],
  ['documentation', '192.0.2.1'],
  ['benchmarking', '198.18.0.1'],
  ['protocol assignments', '192.0.0.8'],
  ['unspecified', '::'],
  ['link-local', 'fe80::1'],
  ['multicast', 'ff02::1'],
  ['IPv4-mapped loopback', '::ffff:127.0.0.1'],
  ['IPv4-mapped private', '::ffff:10.0.0.1'],
  ['IPv4-mapped public', '::ffff:8.8.8.8'],
  ['IPv4-compatible', '::7f00:1'],
  ['IPv4-translated', '::ffff:0:a00:1'],
  ['NAT64', '64:ff9b::a00:1'],
  ['local NAT64', '64:ff9b:1::a00:1'],
  ['6to4 of a private address', '2002:a00:1::1'],
  ['Teredo', '2001::1'],
  ['documentation', '2001:db8::1'],
  ['site-local', 'fec0::1'],
  ['metadata of EC2', 'fd00:ec2::254'],
  ['not handed out', '4000::1'],
];
const privateOnes: readonly (readonly [kind: string, address: string])[] = [
  ['private', '10.1.2.3'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['unique local', 'fd12:3456::1'],
];
const loopback: readonly (readonly [kind: string, address: string])[] = [
  ['loopback', '127.0.0.1'],
  ['loopback', '127.8.9.10'],
  ['loopback', '::1'],
];
const publicOnes = ['93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1'];

const asUrl = (address: string, scheme = 'https') =>
  new URL(`${scheme}://${address.includes(':') ? `[${address}]` : address}/token`);

describe('the address of a provider', () => {
  it.each([...forbidden, ...privateOnes, ...loopback])(
    'is refused when it is %s: %s, as a literal and behind a name',
    async (_, address) => {
      const named = new URL('https://as.example/token');

      await expect(resolveProviderAddresses(asUrl(address), strict)).rejects.toMatchObject(refused);
      await expect(
        resolveProviderAddresses(named, strict, lookupTo(address)),
      ).rejects.toMatchObject(refused);
    },
  );

  it.each([
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://0/',
    'https://①②⑦.0.0.1/',
    'https://[::ffff:7f00:1]/',
  ])('is refused when %s is another way to write loopback', async (url) => {
    await expect(resolveProviderAddresses(new URL(url), strict)).rejects.toMatchObject(refused);
  });

  it.each(publicOnes)('is taken when it is public: %s', async (address) => {
    const family = address.includes(':') ? 6 : 4;

    expect(await resolveProviderAddresses(asUrl(address), strict)).toEqual([{ address, family }]);
    expect(
      await resolveProviderAddresses(new URL('https://as.example/'), strict, lookupTo(address)),
    ).toEqual([{ address, family }]);
  });

  it('is refused when one of several is', async () => {
    const lookup = lookupTo('93.184.216.34', '10.0.0.1');

    await expect(
      resolveProviderAddresses(new URL('https://as.example/'), strict, lookup),
    ).rejects.toMatchObject(refused);
  });

  it('may be private for a host that the operator names, and for no other', async () => {
    for (const [, address] of privateOnes) {
      const lookup = lookupTo(address);

      await expect(
        resolveProviderAddresses(new URL('https://auth.internal/'), strict, lookup),
      ).resolves.toHaveLength(1);
      await expect(
        resolveProviderAddresses(new URL('https://x.auth.internal/'), strict, lookup),
      ).rejects.toMatchObject(refused);
    }
  });

  it.each([...forbidden, ...loopback])(
    'may not be %s %s even for a host that the operator names',
    async (_, address) => {
      await expect(
        resolveProviderAddresses(new URL('https://auth.internal/'), strict, lookupTo(address)),
      ).rejects.toMatchObject(refused);
    },
  );

  it.each(loopback)('may be %s %s on the local stage, over http too', async (_, address) => {
    for (const scheme of ['http', 'https']) {
      await expect(resolveProviderAddresses(asUrl(address, scheme), local)).resolves.toHaveLength(
        1,
      );
    }
  });

  it.each([
    ...publicOnes.map((address) => ['public', address] as const),
    ...privateOnes,
    ...forbidden,
  ])('is refused for plain http when it is %s: %s, on the local stage too', async (_, address) => {
    const policy = { allowLoopbackHttp: true, allowedPrivateHosts: ['as.example'] };

    await expect(
      resolveProviderAddresses(new URL('http://as.example/'), policy, lookupTo(address)),
    ).rejects.toMatchObject(refused);
  });

  it('is a network failure when the name resolves to nothing', async () => {
    await expect(
      resolveProviderAddresses(new URL('https://as.example/'), strict, lookupTo()),
    ).rejects.toMatchObject({ trouble: 'network', sent: false });
  });
});

it('hostOf takes an IPv6 literal out of its brackets', () => {
  expect(hostOf(new URL('https://[2606::1]:8443/'))).toBe('2606::1');
});
