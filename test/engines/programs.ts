import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** The programs of this machine that install and run the engines. */
export interface Programs {
  readonly java: string;
  readonly javac: string;
  readonly maven: string;
  readonly python: string;
}

/** What a program says of its version, or undefined when there is no such program. */
export type AskVersion = (program: string, args: readonly string[]) => string | undefined;

const oldestJava = 17;
const oldestPython = 11;
const pythonNames = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python'];

/**
 * Finds a Java development kit, Maven and Python.
 *
 * @param environment - whose JAVA_HOME and PYTHON say where to look first.
 * @throws {Error} naming everything that is missing, and how to get it.
 */
export function findPrograms(environment: NodeJS.ProcessEnv, ask: AskVersion): Programs {
  const inJavaHome = (name: string) =>
    environment.JAVA_HOME ? join(environment.JAVA_HOME, 'bin', name) : name;
  const javac = [inJavaHome('javac'), 'javac'].find((program) =>
    isJava(ask(program, ['-version'])),
  );
  const maven = ask('mvn', ['--version'])?.includes('Apache Maven') ? 'mvn' : undefined;
  const pythons = environment.PYTHON ? [environment.PYTHON] : pythonNames;
  const python = pythons.find((program) => isPython(ask(program, asksPython)));
  if (javac !== undefined && maven !== undefined && python !== undefined) {
    return { javac, java: javac.replace(/javac$/, 'java'), maven, python };
  }
  const missing = [
    ...(javac === undefined ? [`a Java development kit, ${oldestJava} or later (javac)`] : []),
    ...(maven === undefined ? ['Maven (mvn)'] : []),
    ...(python === undefined ? [`Python 3.${oldestPython} or later with venv (python3)`] : []),
  ];
  throw new Error(buildAdvice(missing));
}

/** Fails where Debian has left `venv` out. */
const asksPython = [
  '-c',
  'import ensurepip, venv, sys; print("Python %d.%d" % sys.version_info[:2])',
];

/** Runs a program for its version, wherever it writes it. */
export const askVersion: AskVersion = (program, args) => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout + stderr : undefined;
};

function isJava(version: string | undefined): boolean {
  return Number(/javac (\d+)/.exec(version ?? '')?.[1]) >= oldestJava;
}

function isPython(version: string | undefined): boolean {
  return Number(/Python 3\.(\d+)/.exec(version ?? '')?.[1]) >= oldestPython;
}

function buildAdvice(missing: readonly string[]): string {
  return [
    'npm run test:aws runs against DynamoDB Local and moto. On this machine there is no',
    ...missing.map((program) => `  - ${program}`),
    '',
    'Debian, Ubuntu:  apt-get install openjdk-17-jdk-headless maven python3-venv',
    'macOS:           brew install openjdk@17 maven python@3.12',
    'Elsewhere: JAVA_HOME and PYTHON say where they are. npm test needs none of them.',
  ].join('\n');
}
