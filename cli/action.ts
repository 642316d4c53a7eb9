import type { Command } from 'commander';
import type { Ending } from './failure.ts';
import type { Session } from './session.ts';

/**
 * Makes an action of what a command does: commander calls it with the operands, in their order,
 * then the options, then the command itself.
 *
 * `perform` ends with nothing when it is done, or with another ending where its result says what
 * was found.
 */
export type Action = <Given extends readonly unknown[]>(
  perform: (session: Session, ...given: Given) => Promise<Ending | undefined>,
) => (...given: Given) => Promise<void>;

/** One group of commands, or one command: its own file in `commands/`. */
export type AddCommands = (program: Command, action: Action) => void;
