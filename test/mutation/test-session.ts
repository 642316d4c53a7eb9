import { createVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node';
import { root } from './scope.ts';

/** Some tests of a file, by their names with those of their suites; without names all of them. */
export interface TestSelection {
  /** From the top of the project. */
  readonly file: string;
  readonly names?: readonly string[];
}

/** Vitest, kept running, with the text of source files exchanged under it. */
export interface TestSession {
  /** From now on this file reads so; undefined: as it is on disk. */
  exchange(file: string, text: string | undefined): void;
  run(tests: readonly TestSelection[]): Promise<readonly TestModule[]>;
  /** What failed in the last run, by name; empty when nothing did. */
  failures(modules: readonly TestModule[]): readonly string[];
  close(): Promise<void>;
}

/** A test that hangs on a mutant is not waited for as long as one may be slow without any. */
const trialTimeoutMs = 15_000;

/** @param options.recordReach - whether tests tell which marks they pass ({@link markPlaces}). */
export async function beginTestSession(options: {
  readonly workers: number;
  readonly recordReach: boolean;
}): Promise<TestSession> {
  const texts = new Map<string, string>();
  const vitest = await createVitest(
    'test',
    {
      root,
      config: `${root}/vitest.config.ts`,
      watch: false,
      silent: true,
      reporters: [{}],
      // Modules of other texts must not be found in the cache, nor left there.
      fsModuleCache: false,
      pool: 'threads',
      maxWorkers: options.workers,
      ...(options.recordReach
        ? { setupFiles: [`${import.meta.dirname}/reach-recorder.ts`] }
        : { bail: 1, testTimeout: trialTimeoutMs }),
    },
    {
      plugins: [
        {
          name: 'exchanged-texts',
          enforce: 'pre',
          load: (id) => texts.get(id.split('?', 1)[0] ?? ''),
        },
      ],
    },
  );
  return {
    exchange: (file, text) => {
      const path = `${root}/${file}`;
      if (text === undefined) texts.delete(path);
      else texts.set(path, text);
      vitest.invalidateFile(path);
    },
    run: (tests) => run(vitest, tests),
    failures: (modules) => [
      ...modules.flatMap(failuresOf),
      ...vitest.state.getUnhandledErrors().map(() => 'an error that nobody caught'),
    ],
    close: () => vitest.close(),
  };
}

async function run(
  vitest: Vitest,
  tests: readonly TestSelection[],
): Promise<readonly TestModule[]> {
  vitest.state.clearErrors();
  const project = vitest.getRootProject();
  const specifications = tests.map(({ file, names }) =>
    project.createSpecification(`${root}/${file}`, names ? { testNames: [...names] } : undefined),
  );
  const { testModules } = await vitest.runTestSpecifications(specifications);
  // It hands back the modules of earlier runs, too.
  const wanted = new Set(specifications.map(({ moduleId }) => moduleId));
  return testModules.filter(({ moduleId }) => wanted.has(moduleId));
}

function failuresOf(module: TestModule): readonly string[] {
  const failed = [...module.children.allTests('failed')].map(({ fullName }: TestCase) => fullName);
  return failed.length > 0 || module.ok() ? failed : ['the file as a whole'];
}
