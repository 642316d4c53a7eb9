import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRecoveryMessage } from '../../../lib/aws/recovery-message.ts';
import { parseRefreshMessage } from '../../../lib/aws/refresh-message.ts';
import { parseRefreshRequest } from '../../../lib/aws/refresh-payload.ts';
import { parseRevocationMessage } from '../../../lib/aws/revocation-message.ts';
import { isFault } from '../../../lib/fault.ts';

const parsers = {
  parseRefreshMessage,
  parseRecoveryMessage,
  parseRevocationMessage,
  parseRefreshRequest,
};

describe.each(Object.entries(parsers))('%s', (_, parse: (body: string) => unknown) => {
  it('refuses any text that is not its message, and throws nothing else', () => {
    const text = fc.oneof(fc.string(), fc.json());

    fc.assert(
      fc.property(text, (body) => {
        try {
          parse(body);
          return false;
        } catch (error) {
          return isFault(error) && error.code === 'REQUEST_INVALID';
        }
      }),
    );
  });

  it('refuses a version that it does not know', () => {
    const body = JSON.stringify({ version: 2, client: 'acme', connection: 'ann' });

    expect(() => parse(body)).toThrow(
      expect.objectContaining({
        context: { problems: expect.arrayContaining(['version must be the version 1']) },
      }),
    );
  });

  it('names malformed ids and repeats none', () => {
    const body = JSON.stringify({ client: 'CANARY', connection: '../CANARY' });

    expect(() => parse(body)).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        context: {
          problems: expect.arrayContaining([
            "client must be a client's name",
            "connection must be a connection's id",
          ]),
        },
      }),
    );
  });
});

describe('parseRefreshRequest', () => {
  it('reads an event that Lambda has parsed already', () => {
    expect(parseRefreshRequest({ client: 'acme', connection: 'ann', seen_fence: 0 })).toEqual({
      client: 'acme',
      connection: 'ann',
      seenFence: 0,
    });
  });

  it.each([-1, 1.5, '7', null, true])('refuses %j for what was seen', (seen_fence) => {
    expect(() => parseRefreshRequest({ client: 'acme', connection: 'ann', seen_fence })).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID' }),
    );
  });
});
