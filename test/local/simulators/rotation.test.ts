import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aHumanity, type HumanityUnderTest } from './a-humanity.ts';

let vendor: HumanityUnderTest;

beforeEach(async () => {
  vendor = await aHumanity();
});
afterEach(() => vendor.close());

describe('rotation of refresh tokens', () => {
  it('none: the refresh token stays, and works again and again', async () => {
    await vendor.control('settings', { rotation: 'none' });
    const first = await vendor.connect();

    const second = await vendor.refresh(first.refresh);
    const third = await vendor.refresh(first.refresh);

    expect([second.status, third.status]).toEqual([200, 200]);
    expect([second.refresh, third.refresh]).toEqual([first.refresh, first.refresh]);
  });

  it('strict: the use of a spent refresh token ends the whole family', async () => {
    const first = await vendor.connect();
    const second = await vendor.refresh(first.refresh);

    const reuse = await vendor.refresh(first.refresh);

    expect(reuse.status).toBe(400);
    expect((await vendor.refresh(second.refresh)).status).toBe(400);
    expect(await vendor.lives(second.access)).toBe(false);
  });

  it('strict: the end of one family leaves the others alone', async () => {
    const other = await vendor.connect();
    const first = await vendor.connect();
    await vendor.refresh(first.refresh);
    await vendor.refresh(first.refresh);

    expect((await vendor.refresh(other.refresh)).status).toBe(200);
  });

  it('grace: a spent refresh token works until the grace is over, then ends the family', async () => {
    await vendor.control('settings', { rotation: { grace_seconds: 30 } });
    const first = await vendor.connect();
    const second = await vendor.refresh(first.refresh);
    vendor.clock.advance(29);
    const again = await vendor.refresh(first.refresh);
    vendor.clock.advance(1);

    const late = await vendor.refresh(first.refresh);

    expect([again.status, late.status]).toEqual([200, 400]);
    expect(again.refresh).not.toBe(second.refresh);
    expect((await vendor.refresh(second.refresh)).status).toBe(400);
  });

  it('a refresh token ends at its time, whatever the rotation', async () => {
    await vendor.control('settings', { rotation: 'none', refresh_token_seconds: 60 });
    const { refresh: token } = await vendor.connect();
    vendor.clock.advance(59);
    const inTime = await vendor.refresh(token);
    vendor.clock.advance(1);

    const late = await vendor.refresh(token);

    expect([inTime.status, late.status]).toEqual([200, 400]);
  });
});
