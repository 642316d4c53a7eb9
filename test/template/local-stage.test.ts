import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { runServerless } from './package-service.ts';

describe('the stage local', () => {
  it('is refused for deployment, in a sentence that says why', () => {
    const { exitCode, output } = runServerless(['package', '--stage', 'local']);

    expect(exitCode).toBe(1);
    expect(output).toContain('The stage "local" is for the local stack only');
  });

  it.each([['package'], ['deploy'], ['deploy', 'function']])(
    'refuses %s %s before it begins',
    (...commands) => {
      expect(() => beginCommand(commands, 'local')).toThrow('cannot be packaged or deployed');
      expect(() => beginCommand(commands, 'dev')).not.toThrow();
    },
  );

  it.each([['offline'], ['print']])('refuses not %s', (command) => {
    expect(() => beginCommand([command], 'local')).not.toThrow();
  });

  it('runs from the same file, with settings that are texts without a deployment', () => {
    const { functions, custom } = print('local');

    const settings = Object.values(functions).flatMap(({ environment = {} }) =>
      Object.entries(environment),
    );
    expect(settings.length).toBeGreaterThan(0);
    expect(settings.filter(([, value]) => typeof value !== 'string')).toEqual([]);
    expect(custom.esbuild.conditions).toEqual(['module', 'local']);
    expect(custom.offline.customAuthenticationProvider).toBe('./local/iam.cjs');
  });
});

describe('serverless.yml', () => {
  it('is refused when a property is misspelt, which is named', () => {
    const misspell = (text: string) => text.replace('batchSize: 1', 'batchSiez: 1');

    const { exitCode, output } = runServerless(['package', '--stage', 'dev'], misspell);

    expect(exitCode).toBe(1);
    expect(output).toContain("unrecognized property 'batchSiez'");
  });
});

interface Printed {
  readonly functions: Readonly<
    Record<string, { readonly environment?: Readonly<Record<string, unknown>> }>
  >;
  readonly custom: {
    readonly esbuild: { readonly conditions: readonly string[] };
    readonly offline: { readonly customAuthenticationProvider: string };
  };
}

function print(stage: string): Printed {
  const { stdout } = runServerless(['print', '--stage', stage, '--format', 'json']);
  return JSON.parse(stdout);
}

/** Starts a command with the guard alone, as serverless does before it begins. */
function beginCommand(commands: readonly string[], stage: string): void {
  const StageGuard = createRequire(import.meta.url)('../../local/stage-guard.cjs');
  const guard = new StageGuard({
    processedInput: { commands },
    getProvider: () => ({ getStage: () => stage }),
    classes: { Error },
  });
  guard.hooks.initialize();
}
