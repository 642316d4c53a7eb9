/** Secrets Manager's stand-in, in a process of its own. */
import { startSecretsManager } from '../../local/secrets-manager.ts';
import { announce } from './child.ts';

const { url } = await startSecretsManager({ port: 0 });
announce(url);
