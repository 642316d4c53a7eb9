import { devNull } from 'node:os';

/** Where the stand-ins of the AWS services are. */
export interface AwsEndpoints {
  readonly dynamodb: string;
  readonly secretsManager: string;
  readonly sqs: string;
  readonly lambda: string;
  readonly eventBridge: string;
}

/**
 * The SDK's own standard settings for the stand-ins. With them nothing of the developer's AWS
 * configuration has a say, and no real account is reached.
 */
export function awsEnvironment(endpoints: AwsEndpoints): Readonly<Record<string, string>> {
  return {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
    AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventBridge,
  };
}
