/** DynamoDB's stand-in, in a process of its own: it shares no event loop with who measures. */
import { startDynamoDb } from '../../local/dynamodb-server.ts';
import { announce } from './child.ts';

const { url } = await startDynamoDb({ port: 0 });
announce(url);
