/**
 * The SDK's clients for an operator's commands, each made when it is first asked for.
 *
 * @module
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';

/** What differs from the SDK's own standard settings; undefined members are left to them. */
export interface AwsSettings {
  readonly region?: string;
  readonly profile?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where the HTTP interface is, without a slash at its end. */
  readonly apiUrl?: string;
  readonly endpoints?: {
    readonly dynamodb: string;
    readonly lambda: string;
    readonly secretsManager: string;
    readonly sqs: string;
  };
}

/** The services, as the person at the terminal may use them. */
export interface AwsAccess {
  readonly settings: AwsSettings;
  readonly dynamodb: () => DynamoDBClient;
  readonly events: () => EventBridgeClient;
  readonly iam: () => IAMClient;
  readonly lambda: () => LambdaClient;
  readonly secrets: () => SecretsManagerClient;
  readonly sqs: () => SQSClient;
}

/** Somebody waits at a terminal: longer than a function does, and not for ever. */
const requestHandler = { connectionTimeout: 3000, requestTimeout: 20_000 };

/** Longer than any function's own limit, so that its answer is what is seen. */
const invocationHandler = { ...requestHandler, requestTimeout: 65_000 };

export function createAwsAccess(settings: AwsSettings): AwsAccess {
  const { region, profile, credentials, endpoints } = settings;
  const common = (endpoint: string | undefined) => ({
    maxAttempts: 3,
    requestHandler,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(credentials && { credentials }),
    ...(endpoint !== undefined && { endpoint }),
  });
  return {
    settings,
    dynamodb: once(() => new DynamoDBClient(common(endpoints?.dynamodb))),
    events: once(() => new EventBridgeClient(common(undefined))),
    iam: once(() => new IAMClient(common(undefined))),
    lambda: once(
      () =>
        new LambdaClient({
          ...common(endpoints?.lambda),
          // A second invocation would only find what the first one has begun.
          maxAttempts: 1,
          requestHandler: invocationHandler,
        }),
    ),
    secrets: once(() => new SecretsManagerClient(common(endpoints?.secretsManager))),
    sqs: once(() => new SQSClient({ ...common(endpoints?.sqs), useQueueUrlAsEndpoint: false })),
  };
}

function once<Made>(make: () => Made): () => Made {
  let made: Made | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
