/** Of the stand-ins: only to end what hangs. A request that is given up too soon is sent twice. */
export const requestLimits = {
  connectionMs: 15_000,
  dynamodbMs: 15_000,
  secretsManagerMs: 15_000,
  sqsMs: 15_000,
  eventBridgeMs: 15_000,
};
