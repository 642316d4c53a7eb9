import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { SealedValueStore } from '../broker/key-ports.ts';
import { type ConnectionKey, keyText } from '../names.ts';
import { credentialIs, fenceIs } from './connection-conditions.ts';
import { allOf, compare, type Expression, updateInput } from './expression.ts';
import { type Table, writing } from './row.ts';

/** The sealed values in both tables. The condition names the value itself: nothing newer is lost. */
export function dynamodbSealedValues(tables: {
  readonly connections: Table;
  readonly tokens: Table;
}): SealedValueStore {
  return {
    replaceCredential: (key, { fence, sealed, next }) =>
      replace(tables.connections, key, {
        store: 'connections',
        set: { sealed_credential: next },
        condition: allOf(credentialIs(fence), compare('sealed_credential', 'is', sealed)),
      }),

    replaceToken: (key, { fence, sealed, next }) =>
      replace(tables.tokens, key, {
        store: 'tokens',
        set: { sealed: next },
        condition: allOf(fenceIs(fence), compare('sealed', 'is', sealed)),
      }),
  };
}

function replace(
  { client, name }: Table,
  key: ConnectionKey,
  write: {
    readonly store: string;
    readonly set: Readonly<Record<string, string>>;
    readonly condition: Expression;
  },
): Promise<'done' | 'lost'> {
  const { store, set, condition } = write;
  const input = updateInput(name, keyText(key), { change: { set }, condition });
  return writing({ store, operation: 'reseal' }, () => client.send(new UpdateItemCommand(input)));
}
