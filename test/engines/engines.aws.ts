/** That what is tested here is what it is thought to be. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateTableCommand, DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, it } from 'vitest';
import { startDynalite } from '../support/dynalite.ts';
import { localCredentials } from '../support/local-credentials.ts';
import { startSqs } from '../support/queue-service.ts';
import { nameOfItsOwn, startSecretsService, workerEngines } from '../support/services.ts';
import { plainTable } from '../support/tables.ts';

const run = promisify(execFile);

it("gives tests of the adapters AWS's own engine as DynamoDB", async () => {
  const { client, close } = await startDynalite();
  const TableName = nameOfItsOwn('table');

  const { TableDescription } = await client.send(new CreateTableCommand(plainTable(TableName)));

  // No other implementation calls its Region so.
  expect(TableDescription?.TableArn).toMatch(/^arn:aws:dynamodb:ddblocal:/);
  await client.send(new DeleteTableCommand({ TableName }));
  await close();
});

it('gives them moto as Secrets Manager and SQS', async () => {
  const secrets = await startSecretsService();
  const { client, close } = await startSqs();
  const { url } = secrets;
  const endpoint = await client.config.endpoint?.();

  expect(url).toBe(workerEngines()?.moto);
  expect(`http://${endpoint?.hostname}:${endpoint?.port}`).toBe(url);
  expect((await fetch(`${url}/moto-api/data.json`)).headers.get('server')).toMatch(/^Werkzeug/);
  await close();
});

it('corrects nothing of moto that moto has mended', async () => {
  const { PATH, HOME } = process.env;
  const { accessKeyId, secretAccessKey } = localCredentials.credentials;

  const { stdout } = await run(
    inject('installed').python,
    [join(import.meta.dirname, 'moto_gaps.py')],
    {
      env: {
        ...{ PATH, HOME, AWS_ACCESS_KEY_ID: accessKeyId },
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    },
  );

  expect(JSON.parse(stdout)).toEqual({
    refuses_a_template_for_a_warning: true,
    reads_a_version_that_is_not_current_any_more: true,
  });
});
