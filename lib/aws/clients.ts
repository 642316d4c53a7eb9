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
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { requestLimits } from '#request-limits';
import { agents } from './open-request.ts';

const settings = (maxAttempts: number, requestTimeout: number, pool: object = {}) => ({
  maxAttempts,
  requestHandler: {
    ...pool,
    connectionTimeout: requestLimits.connectionMs,
    requestTimeout,
    throwOnRequestTimeout: true,
  },
  // A tenth of a request's processor time: its steps are the same each time, and put together once.
  cacheMiddleware: true,
});

export const dynamodbClient = () =>
  new DynamoDBClient(settings(3, requestLimits.dynamodbMs, agents));

export const secretsManagerClient = () =>
  new SecretsManagerClient(settings(3, requestLimits.secretsManagerMs));

/** A queue's URL names it and does not tell where to send: that is the endpoint's business. */
export const sqsClient = () =>
  new SQSClient({ ...settings(3, requestLimits.sqsMs), useQueueUrlAsEndpoint: false });

export const eventBridgeClient = () =>
  new EventBridgeClient(settings(3, requestLimits.eventBridgeMs));

/**
 * An invocation is sent once: a second one would only find the lease of the first. The invoker sets
 * a shorter limit for each; this one is API Gateway's.
 */
export const lambdaClient = () => new LambdaClient(settings(1, 30_000));
