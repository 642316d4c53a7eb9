/** What an SDK client needs to sign a request that nobody verifies. */
export const localCredentials = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/** A client's settings for a service that is not there: nothing listens on port 1. */
export const nobodyListens = {
  ...localCredentials,
  endpoint: 'http://127.0.0.1:1',
  maxAttempts: 1,
} as const;
