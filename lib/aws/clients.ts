/**
 * The SDK's clients, each made when it is asked for: a bundle holds those that its function names.
 *
 * Endpoint, region and credentials come from the SDK's own standard settings. Time limits are ours:
 * by default the SDK waits for ever, and it only warns of a request that takes too long unless told
 * to throw.
 *
 * @module
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

const limits = (requestTimeout: number) => ({
  connectionTimeout: 1000,
  requestTimeout,
  throwOnRequestTimeout: true,
});

/**
 * One item takes milliseconds; three tries of a second each fit into the time to store an answer.
 * What the SDK puts together for a kind of command is put together once.
 */
export const dynamodbClient = () =>
  new DynamoDBClient({ maxAttempts: 3, requestHandler: limits(1000), cacheMiddleware: true });

export const secretsManagerClient = () =>
  new SecretsManagerClient({ maxAttempts: 3, requestHandler: limits(2000) });

/** A queue's URL names it and does not tell where to send: that is the endpoint's business. */
export const sqsClient = () =>
  new SQSClient({ maxAttempts: 3, requestHandler: limits(2000), useQueueUrlAsEndpoint: false });

/**
 * An invocation is sent once: a second one would only find the lease of the first. The invoker sets
 * a shorter limit for each; this one is API Gateway's.
 */
export const lambdaClient = () =>
  new LambdaClient({ maxAttempts: 1, requestHandler: limits(30_000) });
