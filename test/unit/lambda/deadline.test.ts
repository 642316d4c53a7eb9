import { expect, it } from 'vitest';
import { deadlineOf } from '../../../lib/lambda/deadline.ts';
import { aContext } from '../../support/lambda-context.ts';
import { movingClock } from '../../support/moving-clock.ts';

it('is a second before Lambda ends the invocation, on the monotonic clock', async () => {
  const clock = movingClock();
  await clock.advance(500);

  const deadlineMs = deadlineOf(aContext({ getRemainingTimeInMillis: () => 29_000 }), clock);

  expect(deadlineMs).toBe(28_500);
});
