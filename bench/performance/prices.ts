/**
 * What AWS asks for on demand in us-east-1, in US dollars, without free tiers and discounts.
 *
 * @see {@link https://aws.amazon.com/dynamodb/pricing/on-demand/},
 *   {@link https://aws.amazon.com/lambda/pricing/}, {@link https://aws.amazon.com/sqs/pricing/}
 */
export const prices = {
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  storageGbMonth: 0.25,
  backupGbMonth: 0.2,
  lambdaRequest: 0.2e-6,
  /** ARM; the first tier. */
  lambdaGbSecond: 13.3334e-6,
  /** FIFO; the first tier. */
  queueRequest: 0.5e-6,
} as const;
