/**
 * The fixed values of the demonstration: who may sign in at the simulated vendors, and which
 * registrations they know. Nothing here opens anything but a simulator on this machine.
 *
 * @module
 */

/** The vendors that have a simulator. */
export type VendorName = 'hurma' | 'hurdlr' | 'humanity' | 'hypersku';

export const vendorNames: readonly VendorName[] = ['hurma', 'hurdlr', 'humanity', 'hypersku'];

/** A resource owner (RFC 6749 §1.1) with an account at every simulated vendor. */
export interface DemoAccount {
  /** The vendor's own id of the account; Hurdlr's `userId`. */
  readonly id: string;
  readonly name: string;
  /** What is typed as user name. */
  readonly email: string;
  readonly password: string;
}

export const demoAccounts: readonly [DemoAccount, ...DemoAccount[]] = [
  { id: 'ann', name: 'Ann Fisher', email: 'ann@acme.example', password: 'ann-demo-password' },
  { id: 'ben', name: 'Ben Okafor', email: 'ben@acme.example', password: 'ben-demo-password' },
];

/** A client as the vendor registered it. */
export interface DemoClient {
  /** The registration's name on our side. */
  readonly name: string;
  readonly vendor: VendorName;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The grants the vendor lets this client use, beside refreshing what they brought. */
  readonly grants: readonly ('authorization_code' | 'password' | 'client_credentials')[];
}

export const demoClients: readonly DemoClient[] = [
  {
    name: 'hurma-acme',
    vendor: 'hurma',
    clientId: 'demo-hurma-code-client',
    clientSecret: 'demo-hurma-code-secret',
    grants: ['authorization_code'],
  },
  {
    name: 'hurma-acme-password',
    vendor: 'hurma',
    clientId: 'demo-hurma-password-client',
    clientSecret: 'demo-hurma-password-secret',
    grants: ['password'],
  },
  {
    name: 'hurdlr-acme',
    vendor: 'hurdlr',
    clientId: 'demo-hurdlr-client',
    clientSecret: 'demo-hurdlr-secret',
    grants: ['authorization_code', 'client_credentials'],
  },
  {
    name: 'humanity-acme',
    vendor: 'humanity',
    clientId: 'demo-humanity-app-id',
    clientSecret: 'demo-humanity-app-secret',
    grants: ['password'],
  },
  {
    name: 'hypersku-acme',
    vendor: 'hypersku',
    clientId: 'demo-hypersku-client',
    clientSecret: 'demo-hypersku-secret',
    grants: ['authorization_code'],
  },
];

/** What Hurdlr's token endpoint wants as Bearer where its switch is on. */
export const demoHurdlrPartnerToken = 'demo-hurdlr-partner-token';
