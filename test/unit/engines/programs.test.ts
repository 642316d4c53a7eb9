import { describe, expect, it } from 'vitest';
import { type AskVersion, findPrograms } from '../../engines/programs.ts';

/** A machine with these programs, each saying its version. */
const machine =
  (programs: Readonly<Record<string, string>>): AskVersion =>
  (program) =>
    programs[program];

const whole = {
  javac: 'javac 17.0.15',
  mvn: 'Apache Maven 3.8.7',
  python3: 'Python 3.11',
};

describe('the programs that the engines need', () => {
  it('are found on the path', () => {
    expect(findPrograms({}, machine(whole))).toEqual({
      java: 'java',
      javac: 'javac',
      maven: 'mvn',
      python: 'python3',
    });
  });

  it('are looked for where JAVA_HOME and PYTHON say', () => {
    const environment = { JAVA_HOME: '/opt/jdk', PYTHON: '/opt/python' };
    const programs = { ...whole, '/opt/jdk/bin/javac': 'javac 21', '/opt/python': 'Python 3.13' };

    expect(findPrograms(environment, machine(programs))).toMatchObject({
      java: '/opt/jdk/bin/java',
      python: '/opt/python',
    });
  });

  it('may have a Python of another name', () => {
    const programs = { ...whole, python3: 'Python 3.9', 'python3.12': 'Python 3.12' };

    expect(findPrograms({}, machine(programs)).python).toBe('python3.12');
  });

  it.each([
    ['javac', undefined, 'a Java development kit, 17 or later'],
    ['javac', 'javac 11.0.2', 'a Java development kit, 17 or later'],
    ['mvn', undefined, 'Maven'],
    ['python3', undefined, 'Python 3.11 or later'],
    ['python3', 'Python 3.10', 'Python 3.11 or later'],
  ])('are told apart when one is missing: %s %s', (program, version, named) => {
    const { [program as 'mvn']: _missing, ...others } = whole;
    const programs = version === undefined ? others : { ...others, [program]: version };

    const finding = () => findPrograms({}, machine(programs));

    expect(finding).toThrow(named);
    expect(finding).toThrow('apt-get install openjdk-17-jdk-headless maven python3-venv');
  });

  it('are all named when none is there', () => {
    const finding = () => findPrograms({}, machine({}));

    for (const named of ['javac', 'mvn', 'python3']) expect(finding).toThrow(`(${named})`);
  });
});
