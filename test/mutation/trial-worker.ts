import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { TrialAnswer, TrialRequest } from './trial-process.ts';

/** A process that runs tests on mutants, replaced whenever one of them never ends. */
export interface TrialWorker {
  /** @returns the tests that failed, or that they came to no end in this time. */
  run(request: TrialRequest, limitMs: number): Promise<readonly string[] | 'timed_out'>;
  stop(): void;
}

export function trialWorker(): TrialWorker {
  let child: Promise<ChildProcess> | undefined;
  const stop = async () => {
    const running = child;
    child = undefined;
    (await running)?.kill('SIGKILL');
  };
  return {
    run: async (request, limitMs) => {
      child ??= start();
      const { send, ending } = exchangeWith(await child, limitMs);
      send(request);
      const answer = await ending;
      if (answer === 'timed_out') await stop();
      return answer;
    },
    stop,
  };
}

async function start(): Promise<ChildProcess> {
  const child = fork(`${import.meta.dirname}/trial-process.ts`, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

function exchangeWith(child: ChildProcess, limitMs: number) {
  const ending = new Promise<readonly string[] | 'timed_out'>((resolve) => {
    const timer = setTimeout(() => finish('timed_out'), limitMs);
    const finish = (answer: readonly string[] | 'timed_out') => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(answer);
    };
    const onMessage = ({ failures }: TrialAnswer) => finish(failures);
    const onExit = () => finish('timed_out');
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
  return { ending, send: (request: TrialRequest) => child.send(request) };
}
