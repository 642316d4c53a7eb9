import type { Committed, PreparedCommit } from './ports.ts';
import type { Leased } from './refresh-lease.ts';
import type { RefreshPorts } from './refresh-replies.ts';
import {
  type RenewalCredential,
  renewalKinds,
  writeRenewalCredential,
} from './renewal-credential.ts';

/**
 * What an attempt has prepared for its answer. From the provider's answer to its write, the end of
 * the process loses the connection; so what can be done without the answer is done before it comes.
 */
export interface PreparedAnswer {
  /** Seals the credential that the answer brings, under the attempt's fence. Once. */
  readonly sealCredential: (credential: RenewalCredential) => NonNullable<Committed['credential']>;
  /** Commits: the first time by what is prepared. */
  readonly commit: PreparedCommit['commit'];
  /** Gives up what was not used. */
  readonly drop: () => void;
}

/** Prepares what an attempt needs once its answer comes. Waits for nothing. */
export function prepareAnswer(
  { connections, sealer }: Pick<RefreshPorts, 'connections' | 'sealer'>,
  { row, fence }: Leased,
): PreparedAnswer {
  const { client, connection } = row;
  const seal = sealer.prepareSeal('renewal', { client, connection, fence });
  const prepared = connections.prepareCommit?.(row, fence);
  let next = prepared;
  return {
    sealCredential: (credential) => ({
      sealed: seal(writeRenewalCredential(credential)),
      renewal: renewalKinds(credential),
    }),
    commit: (answer) => {
      const first = next;
      next = undefined;
      return first ? first.commit(answer) : connections.commit(row, fence, answer);
    },
    drop: () => prepared?.drop(),
  };
}
