import { openPost } from '../../lib/aws/open-request.ts';
import type { Preparing } from '../../lib/aws/prepared-update.ts';

/** Writes that are prepared for real, and of which each is to be used. */
export const preparedWrites: Preparing = {
  openPost,
  unused: (reason) => {
    throw new Error(`the prepared write was not used: ${reason}`);
  },
};
