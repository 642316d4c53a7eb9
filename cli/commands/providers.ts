import type { Command } from 'commander';
import { catalogue } from '../../lib/providers/catalogue.ts';
import type { Action } from '../action.ts';
import { formatTable } from '../output/table.ts';
import type { Session } from '../session.ts';

/** `providers`: the definitions that come with this software, and one's own before it does. */
export function addProviders(program: Command, action: Action): void {
  const providers = program.command('providers').description('definitions of providers');
  providers.command('list').description('the definitions there are').action(action(listProviders));
}

async function listProviders({ print }: Session): Promise<undefined> {
  const names = [...catalogue.keys()];
  print.result(
    { providers: names },
    formatTable(
      ['PROVIDER'],
      names.map((name) => [name]),
    ),
  );
}
