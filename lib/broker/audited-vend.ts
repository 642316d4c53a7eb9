import { Fault } from '../fault.ts';
import type { AuditLine, FunctionLog } from '../log.ts';
import { buildProblem } from '../problem.ts';
import type { VendedToken } from './vended-token.ts';

/** A vend that somebody asks for, and what was decided about it. */
export interface VendDecision
  extends Pick<AuditLine, 'caller' | 'session' | 'reach' | 'apiRequestId'> {
  /** `client/connection`. */
  readonly connection: string;
  readonly isAllowed: boolean;
}

/**
 * Vends if that is allowed, and leaves one line that says for whom, and which token it was. No
 * token is handed out before its line is written.
 *
 * @throws {Fault} `ACCESS_DENIED`, and whatever `vend` throws.
 */
export async function auditedVend(
  log: Pick<FunctionLog, 'audit'>,
  { isAllowed, ...request }: VendDecision,
  vend: () => Promise<VendedToken>,
): Promise<VendedToken> {
  const action = 'vend';
  const { connection } = request;
  if (!isAllowed) {
    log.audit({ ...request, action, decision: 'denied' });
    throw new Fault('ACCESS_DENIED', { action, connection });
  }
  const line = { ...request, action, decision: 'allowed' } as const;
  try {
    const vended = await vend();
    log.audit({ ...line, outcome: 'vended', token: vended.fingerprint });
    return vended;
  } catch (error) {
    log.audit({ ...line, outcome: buildProblem(error).error });
    throw error;
  }
}
