import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunningServer } from '../../local/http-server.ts';
import { startSecretsManager } from '../../local/secrets-manager.ts';

const token = (letter: string) => letter.repeat(32);
const name = 'evergrant/local/clients/hurma-acme';

let folder: string;
let server: RunningServer;
let client: SecretsManagerClient;

async function start(): Promise<void> {
  server = await startSecretsManager({ port: 0, stateFile: join(folder, 'secrets.json') });
  client = new SecretsManagerClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
}

async function stop(): Promise<void> {
  client.destroy();
  await server.close();
}

const create = (value = 'one', letter = 'a') =>
  client.send(
    new CreateSecretCommand({
      Name: name,
      SecretString: value,
      ClientRequestToken: token(letter),
    }),
  );
const put = (value: string, letter: string, stages?: string[]) =>
  client.send(
    new PutSecretValueCommand({
      SecretId: name,
      SecretString: value,
      ClientRequestToken: token(letter),
      ...(stages === undefined ? {} : { VersionStages: stages }),
    }),
  );
const read = (wanted: { VersionId?: string; VersionStage?: string; SecretId?: string } = {}) =>
  client.send(new GetSecretValueCommand({ SecretId: name, ...wanted }));
const stages = async () => {
  const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: name }));
  return VersionIdsToStages;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  await start();
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('values', () => {
  test('reads a value back by name, by ARN and by ARN without its suffix', async () => {
    const { ARN = '', VersionId } = await create();

    const byName = await read();
    const byArn = await read({ SecretId: ARN });
    const byPartialArn = await read({ SecretId: ARN.slice(0, -7) });

    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:.+-[0-9a-zA-Z]{6}$/);
    expect(byName).toMatchObject({
      ARN,
      Name: name,
      SecretString: 'one',
      VersionId,
      VersionStages: ['AWSCURRENT'],
    });
    expect(byName.CreatedDate).toBeInstanceOf(Date);
    expect(byArn.SecretString).toBe('one');
    expect(byPartialArn.SecretString).toBe('one');
  });

  test('keeps bytes as bytes', async () => {
    await client.send(
      new CreateSecretCommand({ Name: name, SecretBinary: new Uint8Array([0, 255, 7]) }),
    );

    const { SecretBinary, SecretString } = await read();

    expect(SecretBinary).toEqual(new Uint8Array([0, 255, 7]));
    expect(SecretString).toBeUndefined();
  });

  test('moves AWSCURRENT to a new value and AWSPREVIOUS to the one before', async () => {
    await create('one', 'a');
    await put('two', 'b');
    await put('three', 'c');

    const current = await read();
    const previous = await read({ VersionStage: 'AWSPREVIOUS' });
    const deprecated = await read({ VersionId: token('a') });

    expect(current.SecretString).toBe('three');
    expect(previous.SecretString).toBe('two');
    expect(deprecated.SecretString).toBe('one');
    expect(await stages()).toEqual({
      [token('b')]: ['AWSPREVIOUS'],
      [token('c')]: ['AWSCURRENT'],
    });
  });

  test('leaves AWSCURRENT where it is when a value is put as AWSPENDING', async () => {
    await create('one', 'a');
    await put('two', 'b', ['AWSPENDING']);

    expect((await read()).SecretString).toBe('one');
    expect((await read({ VersionStage: 'AWSPENDING' })).SecretString).toBe('two');
  });

  test('ignores a put that is repeated, and refuses its token with another value', async () => {
    await create('one', 'a');
    await put('two', 'b');

    const repeated = await put('two', 'b');

    expect(repeated.VersionId).toBe(token('b'));
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
    await expect(put('three', 'b')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('makes the value of an update current, and changes a description alone without one', async () => {
    await create('one', 'a');
    await client.send(
      new UpdateSecretCommand({
        SecretId: name,
        SecretString: 'two',
        ClientRequestToken: token('b'),
      }),
    );

    const answer = await client.send(
      new UpdateSecretCommand({ SecretId: name, Description: 'ours' }),
    );

    expect(answer.VersionId).toBeUndefined();
    expect((await read()).SecretString).toBe('two');
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
    const described = await client.send(new DescribeSecretCommand({ SecretId: name }));
    expect(described.Description).toBe('ours');
  });

  test('refuses two values at once, a value too long, and a put of none', async () => {
    await create();

    const both = { SecretId: name, SecretString: 'x', SecretBinary: new Uint8Array([1]) };
    await expect(client.send(new PutSecretValueCommand(both))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(put('x'.repeat(65_537), 'b')).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(client.send(new PutSecretValueCommand({ SecretId: name }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });
});

describe('names', () => {
  test('refuses a second secret of a name, but not the same request again', async () => {
    const first = await create('one', 'a');
    const repeated = await create('one', 'a');

    expect(repeated).toMatchObject({ ARN: first.ARN, VersionId: token('a') });
    await expect(create('one', 'b')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    await expect(create('two', 'a')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  });

  test('answers ResourceNotFoundException for an unknown secret, version and label', async () => {
    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await create();

    const wanted = [
      { VersionId: token('z') },
      { VersionStage: 'AWSPENDING' },
      { VersionId: token('a'), VersionStage: 'AWSPREVIOUS' },
    ];
    for (const one of wanted) {
      await expect(read(one)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    }
  });

  test('refuses a malformed name as the service does', async () => {
    const malformed = new CreateSecretCommand({ Name: 'with space', SecretString: 'x' });

    await expect(client.send(malformed)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('has a secret without a value until one is put', async () => {
    await client.send(new CreateSecretCommand({ Name: name }));

    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await put('one', 'a', ['AWSPENDING']);

    expect((await read()).SecretString).toBe('one');
  });
});

describe('staging labels', () => {
  const move = (from: string | undefined, to: string | undefined, VersionStage = 'AWSCURRENT') =>
    client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: name,
        VersionStage,
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      }),
    );

  test('moves AWSCURRENT only for a caller who names the version that has it', async () => {
    await create('one', 'a');
    await put('two', 'b', ['AWSPENDING']);

    await expect(move(undefined, token('b'))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(move(token('b'), token('b'))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    expect((await read()).SecretString).toBe('one');
    await move(token('a'), token('b'));

    expect(await stages()).toEqual({
      [token('a')]: ['AWSPREVIOUS'],
      [token('b')]: ['AWSPENDING', 'AWSCURRENT'],
    });
  });

  test('takes a label off, but never AWSCURRENT', async () => {
    await create('one', 'a');
    await put('two', 'b', ['AWSPENDING']);

    await move(token('b'), undefined, 'AWSPENDING');

    expect(await stages()).toEqual({ [token('a')]: ['AWSCURRENT'] });
    await expect(move(token('a'), undefined)).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
  });

  test('lists deprecated versions only when asked', async () => {
    await create('one', 'a');
    await put('two', 'b');
    await put('three', 'c');
    const list = async (IncludeDeprecated: boolean) => {
      const { Versions = [] } = await client.send(
        new ListSecretVersionIdsCommand({ SecretId: name, IncludeDeprecated }),
      );
      return Versions.map(({ VersionId }) => VersionId);
    };

    expect(await list(false)).toEqual([token('b'), token('c')]);
    expect(await list(true)).toEqual([token('a'), token('b'), token('c')]);
  });
});

describe('lists', () => {
  beforeEach(async () => {
    for (const one of ['clients/b', 'clients/a', 'keys/renewal']) {
      await client.send(new CreateSecretCommand({ Name: one, SecretString: 'x' }));
    }
  });
  const names = ({
    SecretList = [],
  }: {
    SecretList?: { Name?: string | undefined }[] | undefined;
  }) => SecretList.map(({ Name }) => Name);

  test('finds secrets by the beginning of their names', async () => {
    const found = await client.send(
      new ListSecretsCommand({
        Filters: [{ Key: 'name', Values: ['clients/'] }],
        SortOrder: 'asc',
      }),
    );
    const others = await client.send(
      new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['!clients/'] }] }),
    );

    expect(names(found)).toEqual(['clients/b', 'clients/a']);
    expect(names(others)).toEqual(['keys/renewal']);
  });

  test('gives a page at a time', async () => {
    const first = await client.send(new ListSecretsCommand({ MaxResults: 2, SortOrder: 'asc' }));
    const second = await client.send(
      new ListSecretsCommand({ MaxResults: 2, SortOrder: 'asc', NextToken: first.NextToken }),
    );

    expect(names(first)).toEqual(['clients/b', 'clients/a']);
    expect(names(second)).toEqual(['keys/renewal']);
    expect(second.NextToken).toBeUndefined();
    await expect(
      client.send(new ListSecretsCommand({ NextToken: 'nonsense' })),
    ).rejects.toMatchObject({ name: 'InvalidNextTokenException' });
  });

  test('finds secrets by tag', async () => {
    const Tags = [{ Key: 'team', Value: 'crm' }];
    await client.send(new TagResourceCommand({ SecretId: 'clients/a', Tags }));
    const tagged = new ListSecretsCommand({ Filters: [{ Key: 'tag-key', Values: ['team'] }] });

    expect(names(await client.send(tagged))).toEqual(['clients/a']);
    await client.send(new UntagResourceCommand({ SecretId: 'clients/a', TagKeys: ['team'] }));
    expect(names(await client.send(tagged))).toEqual([]);
  });
});

describe('deletion', () => {
  const remove = (more: object = {}) =>
    client.send(new DeleteSecretCommand({ SecretId: name, ...more }));

  test('keeps a deleted secret unreadable for its recovery window, and restores it', async () => {
    await create();
    const { DeletionDate } = await remove({ RecoveryWindowInDays: 7 });

    await expect(read()).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await expect(create('new', 'b')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    const { SecretList } = await client.send(new ListSecretsCommand({}));
    await client.send(new RestoreSecretCommand({ SecretId: name }));

    expect((DeletionDate?.getTime() ?? 0) - Date.now()).toBeGreaterThan(6 * 86_400_000);
    expect(SecretList).toEqual([]);
    expect((await read()).SecretString).toBe('one');
  });

  test('frees the name at once when forced, and forgives that there is none', async () => {
    await create();
    await remove({ ForceDeleteWithoutRecovery: true });
    await remove({ ForceDeleteWithoutRecovery: true });

    await expect(read()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await create('two', 'b');
    expect((await read()).SecretString).toBe('two');
  });

  test('refuses a window outside 7 to 30 days, and one together with force', async () => {
    await create();

    for (const bad of [
      { RecoveryWindowInDays: 6 },
      { RecoveryWindowInDays: 31 },
      { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true },
    ]) {
      await expect(remove(bad)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    }
    expect((await read()).SecretString).toBe('one');
  });
});

describe('the server', () => {
  test('has everything again after a restart', async () => {
    await create('one', 'a');
    await put('two', 'b');
    await stop();
    await start();

    expect((await read()).SecretString).toBe('two');
    expect((await read({ VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
  });

  test('keeps every one of many writes at once', async () => {
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        client.send(new CreateSecretCommand({ Name: `many/${index}`, SecretString: `${index}` })),
      ),
    );
    await stop();
    await start();

    const { SecretList = [] } = await client.send(new ListSecretsCommand({}));
    expect(new Set(SecretList.map(({ Name }) => Name)).size).toBe(30);
  });

  test('speaks AWS JSON 1.1, errors included', async () => {
    const ask = async (target: string, body: string) => {
      const response = await fetch(server.url, {
        method: 'POST',
        headers: { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1' },
        body,
      });
      return { response, answer: (await response.json()) as { __type?: string } };
    };

    const unknown = await ask('secretsmanager.Sing', '{}');
    const malformed = await ask('secretsmanager.GetSecretValue', '{');
    const missing = await ask('secretsmanager.GetSecretValue', '{"SecretId":"none"}');
    const incomplete = await ask('secretsmanager.GetSecretValue', '{}');

    expect(missing.response.status).toBe(400);
    expect(missing.response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(missing.answer.__type).toBe('ResourceNotFoundException');
    expect(unknown.answer.__type).toBe('UnknownOperationException');
    expect(malformed.answer.__type).toBe('SerializationException');
    expect(incomplete.answer.__type).toBe('ValidationException');
  });

  test('makes random passwords of what is asked for', async () => {
    const { RandomPassword = '' } = await client.send(
      new GetRandomPasswordCommand({ PasswordLength: 64, ExcludePunctuation: true }),
    );

    expect(RandomPassword).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(RandomPassword).toMatch(/[A-Z]/);
    expect(RandomPassword).toMatch(/[0-9]/);
  });
});
