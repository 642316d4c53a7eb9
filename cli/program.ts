/**
 * The command's arguments, and what becomes of them.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander';
import type { Action, AddCommands } from './action.ts';
import { addClients } from './commands/clients.ts';
import { addConnect } from './commands/connect.ts';
import { addConnections } from './commands/connections.ts';
import { addDoctor } from './commands/doctor.ts';
import { addKeys } from './commands/keys.ts';
import { addProviders } from './commands/providers.ts';
import { addVend } from './commands/vend.ts';
import { type Ending, exitCodes, type Failure, toFailure, usageFailure } from './failure.ts';
import { createPrinter } from './output/printer.ts';
import { createSession, type GlobalOptions } from './session.ts';
import type { Surroundings } from './surroundings.ts';

/** Every group. One that is not here does not exist. */
const groups: readonly AddCommands[] = [
  addClients,
  addProviders,
  addConnect,
  addConnections,
  addVend,
  addKeys,
  addDoctor,
];

/** The whole command line, for whoever runs it and whoever documents it. */
export function buildProgram(action: Action): Command {
  const program = new Command('evergrant')
    .description('Operates OAuth 2.0 connections that stay alive')
    .addOption(new Option('--stage <name>', 'which deployment (EVERGRANT_STAGE)'))
    .addOption(new Option('--region <region>', "AWS Region (else the SDK's own settings)"))
    .addOption(new Option('--profile <profile>', "AWS profile (else the SDK's own settings)"))
    .addOption(new Option('--api-url <url>', 'base of the HTTP interface (EVERGRANT_API_URL)'))
    .addOption(new Option('--json', 'print the result as one JSON document'))
    .helpCommand(false);
  for (const addCommands of groups) addCommands(program, action);
  return program;
}

/**
 * Runs one command line.
 *
 * @param given - the arguments after the command's own name.
 * @returns the exit code; nothing is thrown.
 */
export async function runProgram(
  given: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  let ending: Ending = 'done';
  const program = buildProgram((perform) => async (...operands) => {
    ending = (await perform(createSession(surroundings, program.opts()), ...operands)) ?? 'done';
  });
  listenTo(program, surroundings);
  try {
    await program.parseAsync(given, { from: 'user' });
    return exitCodes[ending];
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done;
    const failure = toFailure(error instanceof CommanderError ? misuse(error) : error);
    createPrinter(surroundings, { json: isJsonAsked(given, program.opts()) }).failure(failure);
    return exitCodes[failure.ending];
  }
}

/** Help goes where results go; nothing ends the process but the entry. */
function listenTo(command: Command, { output, notes }: Surroundings): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => output.write(text),
    writeErr: (text) => notes.write(text),
    // Said once, by our own printer.
    outputError: () => undefined,
  });
  for (const each of command.commands) listenTo(each, { output, notes } as Surroundings);
}

function misuse(error: CommanderError): Failure {
  return error.code === 'commander.help'
    ? usageFailure('say which command; --help lists them')
    : usageFailure(error.message.replace(/^error: /, ''));
}

/** Known even when the arguments could not be read to their end. */
function isJsonAsked(given: readonly string[], { json }: GlobalOptions): boolean {
  return json === true || given.includes('--json');
}
