/**
 * How long one try of a request of our own services may take, in milliseconds. Locally
 * `#request-limits` is another file: stand-ins that share a machine stand still with it.
 */
export const requestLimits = {
  connectionMs: 1000,
  /** One item takes milliseconds; three tries of a second each fit into the time to store an answer. */
  dynamodbMs: 1000,
  secretsManagerMs: 2000,
  sqsMs: 2000,
  eventBridgeMs: 2000,
};
