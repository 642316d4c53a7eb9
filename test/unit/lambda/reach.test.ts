import { expect, it } from 'vitest';
import { reachOf } from '../../../lib/lambda/reach.ts';
import { aContext } from '../../support/lambda-context.ts';

const name = 'evergrant-prod-vend-crm';
const arn = `arn:aws:lambda:eu-central-1:111122223333:function:${name}`;

it.each([
  [arn, name],
  [`${arn}:live`, `${name}:live`],
  [`${arn}:7`, `${name}:7`],
])('of an invocation of %s is %s', (invokedFunctionArn, reach) => {
  expect(reachOf(aContext({ functionName: name, invokedFunctionArn }))).toBe(reach);
});
