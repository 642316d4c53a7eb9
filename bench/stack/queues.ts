/** SQS's stand-in, in a process of its own. */
import { startQueues } from '../../local/queue-server.ts';
import { announce } from './child.ts';

const { url } = await startQueues({ port: 0 });
announce(url);
