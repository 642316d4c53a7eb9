import { globSync } from 'node:fs';
import { matchesGlob, resolve } from 'node:path';

/** The top of the project. */
export const root = resolve(import.meta.dirname, '../..');

/** The functions: wiring alone, which falls to tests that invoke them as Lambda does. */
const functions = 'functions/*.ts';

/** The refresh path: every source file between a due connection or a caller and a stored token. */
const sources = ['lib/broker/*.ts', 'lib/aws/*.ts', 'lib/lambda/*.ts', functions];

/** How a connection begins is another path, and so is what operators do with keys and clients. */
const otherPaths = [
  'lib/broker/{access-policy,one-time-token,show-connections,token-outcome}.ts',
  'lib/broker/{begin,complete}-*.ts',
  'lib/broker/{connect-directly,exchange-code}.ts',
  'lib/broker/revo*.ts',
  'lib/broker/{key-ports,repin-connection,reseal-all,retire-key,rotate-key,show-keys}.ts',
  'lib/aws/{dynamodb-session-store,session-row,pending-connections}.ts',
  'lib/aws/{secret*,registrations,remembered-reads,revocation-message,sqs-revocation-queue}.ts',
  'lib/aws/{connection-directory,dynamodb-key-records,dynamodb-reseal-progress}.ts',
  'lib/aws/sqs-sealed-messages.ts',
  // Plays a refresh of nothing through; the parts that it plays are in scope.
  'lib/aws/{answering-client,rehearse-refresh}.ts',
  // Settings handed on to what is tested by itself; test/functions runs them.
  'lib/aws/{tables,vending,seals}.ts',
];

/** Tests of one part each: what a mutant should fall to. */
const directTests = [
  'test/unit/{broker,aws,lambda}/**/*.test.ts',
  'test/unit/time.test.ts',
  'test/contract/*.test.ts',
];

const functionTests = ['test/functions/*.test.ts'];

/** Histories through all parts at once; asked last. */
const histories = 'test/simulation/*.test.ts';

export const listSources = (): readonly string[] =>
  globSync(sources, { cwd: root, exclude: otherPaths }).toSorted();

/** The tests that mutants of these files should fall to, each of its own: {@link isDirectTest}. */
export const listDirectTests = (files: readonly string[]): readonly string[] =>
  globSync([...new Set(files.flatMap(directTestsOf))], { cwd: root });

/** Whether this is a test that a mutant of the file should fall to. */
export const isDirectTest = (file: string, test: string): boolean =>
  directTestsOf(file).some((pattern) => matchesGlob(test, pattern));

const directTestsOf = (file: string): readonly string[] =>
  matchesGlob(file, functions) ? functionTests : directTests;

export const listHistories = (): readonly string[] => globSync(histories, { cwd: root });

export const isHistory = (test: string): boolean => matchesGlob(test, histories);
