import type { TestProject } from 'vitest/node';
import type { RunningServer } from '../../local/http-server.ts';
import { type Installed, installEngines } from './install.ts';
import { askVersion, findPrograms, type Programs } from './programs.ts';
import { startDynamoDbLocal, startMoto } from './start-engine.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The programs that were installed beside the engines. */
    readonly installed: Installed;
  }
}

/** Installs and starts the engines, or ends the run with a sentence that says what is missing. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const installed = await installEngines(programsOrExit());
  const started: RunningServer[] = [];
  const close = async () => {
    await Promise.all(started.map((engine) => engine.close()));
  };
  const keep = async (starting: Promise<RunningServer>) => {
    const engine = await starting;
    started.push(engine);
    return engine.url;
  };
  // One of each for every worker: their state is one, and a test file wants to start from none.
  const workers = Array.from({ length: project.config.maxWorkers }, (_, index) => index + 1);
  try {
    const engines = await Promise.all(
      workers.map(async (worker) => ({
        dynamodb: await keep(startDynamoDbLocal(installed, worker)),
        moto: await keep(startMoto(installed, worker)),
      })),
    );
    project.provide('engines', engines);
    project.provide('installed', installed);
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

function programsOrExit(): Programs {
  try {
    return findPrograms(process.env, askVersion);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
