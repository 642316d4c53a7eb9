import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { buildTokenRow, parseTokenRow } from '../../lib/aws/token-row.ts';
import { openStoredToken, sealToken } from '../../lib/broker/token-seal.ts';
import { type ConnectionKey, keyText } from '../../lib/names.ts';
import { earlier, seconds } from '../../lib/time.ts';
import { tables } from './function-resources.ts';
import { testSealer } from './key-rings.ts';

/**
 * Moves the whole life of a connection's token back, and seals it again: the seal holds when it
 * began and ends.
 *
 * @throws {Error} where there is no token of a known end.
 */
export async function ageToken(
  dynamodb: DynamoDBClient,
  key: ConnectionKey,
  ageSeconds: number,
): Promise<void> {
  const address = { TableName: tables.tokens, Key: { pk: { S: keyText(key) } } };
  const { Item = {} } = await dynamodb.send(
    new GetItemCommand({ ...address, ConsistentRead: true }),
  );
  const token = parseTokenRow(tables.tokens, Item);
  const sealer = testSealer();
  const accessToken = token.state === 'revoked' ? undefined : await openStoredToken(sealer, token);
  if (token.state === 'revoked' || !accessToken || token.expiresAt === undefined) {
    throw new Error('there is no token that could grow older');
  }
  const older = {
    ...token,
    obtainedAt: earlier(token.obtainedAt, seconds(ageSeconds)),
    expiresAt: earlier(token.expiresAt, seconds(ageSeconds)),
  };
  const row = buildTokenRow({ ...older, sealed: await sealToken(sealer, older, accessToken) });
  await dynamodb.send(
    new PutItemCommand({
      TableName: tables.tokens,
      Item: marshall(row, { removeUndefinedValues: true }),
    }),
  );
}
