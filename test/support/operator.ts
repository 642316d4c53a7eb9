import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Given, runEvergrant } from './evergrant.ts';
import { type FunctionStack, startFunctionStack } from './function-stack.ts';
import { captureOutput, loadFunctions } from './functions.ts';
import { startHttpApi } from './http-api.ts';
import { startScriptedService } from './scripted-service.ts';

/**
 * Somebody at a terminal, before the functions and the stand-ins of AWS. They find the stack as
 * everybody does: by the file that it leaves, for the stage `local`.
 */
export async function startOperator() {
  const output = captureOutput();
  const stack: FunctionStack = await startFunctionStack();
  const functions = await loadFunctions(stack);
  const watch = { request: (_request: string) => undefined as unknown };
  const api = await startHttpApi(functions, (request) => watch.request(request));
  const lambda = await startScriptedService(async ({ operation, body }) =>
    /functions\/evergrant-local-vend\/invocations$/.test(operation)
      ? { body: await functions.vend(JSON.parse(body)) }
      : {
          status: 404,
          headers: { 'x-amzn-errortype': 'ResourceNotFoundException' },
          body: { Message: 'no' },
        },
  );
  const folder = mkdtempSync(join(tmpdir(), 'evergrant-cli-'));
  const urls = {
    region: 'us-east-1',
    api: api.url,
    lambda: lambda.url,
    dynamodb: stack.servers.dynamodb.url,
    secrets_manager: stack.servers.secrets.url,
    sqs: stack.servers.sqs.url,
  };
  writeFileSync(join(folder, 'local.json'), JSON.stringify(urls));
  const environment = { EVERGRANT_STAGE: 'local', EVERGRANT_STATE_DIR: folder };
  return {
    stack,
    functions,
    /** Sees each request to the HTTP interface before it is answered. */
    watch,
    /** Everything that the functions wrote to their log. */
    log: () => output.text(),
    run: (line: string | readonly string[], given: Given = {}) =>
      runEvergrant(line, { environment, ...given }),
    /** The path of a file with this content. */
    file: (name: string, content: unknown) => {
      const path = join(folder, name);
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
    close: async () => {
      output.end();
      rmSync(folder, { recursive: true });
      await Promise.all([api.close(), lambda.close(), stack.close()]);
    },
  };
}

export type Operator = Awaited<ReturnType<typeof startOperator>>;
