import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * What the bundles have in place of the SDK's default chain: credentials as Lambda gives them to
 * every function, in its environment.
 *
 * The chain also knows profiles, single sign-on, web identities and instance metadata, with clients
 * of three more services: a quarter of a bundle that no function ever uses, and addresses that none
 * of them is to ask for credentials.
 */
export const defaultProvider = fromEnv;
