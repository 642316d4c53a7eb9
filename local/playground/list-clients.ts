import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { isClientName } from '../../lib/names.ts';
import type { PlaygroundStack } from './broker-api.ts';

/** Which clients are registered, by name. Reads no registration. */
export interface ClientLister {
  readonly list: () => Promise<readonly string[]>;
  readonly close: () => void;
}

export function createClientLister(stack: PlaygroundStack): ClientLister {
  const secrets = new SecretsManagerClient({
    endpoint: stack.secrets_manager,
    region: stack.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const prefix = `evergrant/${stack.stage}/clients/`;
  return {
    list: async () => {
      const names: string[] = [];
      let token: string | undefined;
      do {
        const page = await secrets.send(
          new ListSecretsCommand({
            Filters: [{ Key: 'name', Values: [prefix] }],
            ...(token === undefined ? {} : { NextToken: token }),
          }),
        );
        for (const { Name = '' } of page.SecretList ?? []) names.push(Name.slice(prefix.length));
        token = page.NextToken;
      } while (token !== undefined);
      return names.filter(isClientName).sort();
    },
    close: () => secrets.destroy(),
  };
}
