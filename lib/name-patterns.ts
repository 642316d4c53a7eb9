/**
 * How names are written. Apart from what reads them, so that the client for other functions can
 * know them and nothing more.
 *
 * @module
 */

/** The operator's name for one registration at a provider. */
export const clientNamePattern = /^[a-z0-9](-?[a-z0-9]){0,62}$/;

/** The application's name for one connection. No name may begin with a dot: `..` is none. */
export const connectionIdPattern = /^[A-Za-z0-9_~@-][A-Za-z0-9._~@-]{0,127}$/;
