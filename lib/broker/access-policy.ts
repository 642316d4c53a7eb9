/**
 * Who may do what: the access policy of the HTTP interface, and the reach of a direct `vend`.
 *
 * @module
 */
import * as v from 'valibot';
import { Fault } from '../fault.ts';

/** What one may be allowed to do. */
export type Action = 'vend' | 'connect' | 'read' | 'write';

const principals = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^arn:/, 'must be an ARN'))),
  v.minLength(1),
);
/** One that has not exactly one slash matches no connection: not what its author meant. */
const connections = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[^/]+\/[^/]+$/, 'must be client/connection'))),
  v.minLength(1),
);

const policySchema = v.strictObject({
  $schema: v.optional(v.string()),
  allow: v.array(
    v.strictObject({
      /** IAM ARNs of roles and users. */
      principals,
      actions: v.pipe(
        v.array(v.picklist(['vend', 'connect', 'read', 'write', '*'])),
        v.minLength(1),
      ),
      /** `client/connection`. */
      connections,
    }),
  ),
});

/** Everything that is allowed; what is not in it is denied. */
export type AccessPolicy = v.InferOutput<typeof policySchema>;

/**
 * Reads the policy that was deployed.
 *
 * @throws {Fault} `CONFIGURATION_INVALID` naming each faulty member.
 */
export function parseAccessPolicy(input: unknown): AccessPolicy {
  const parsed = v.safeParse(policySchema, input);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map(
    (issue) => `access-policy.json: ${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`,
  );
  throw new Fault('CONFIGURATION_INVALID', { problems });
}

/**
 * Whether a caller may do this to a connection.
 *
 * @param callerArn - as API Gateway states it, so trusted. A session of an assumed role counts as
 *   its role; the session's name, which the caller chose, is not looked at.
 * @param connection - `client/connection`.
 */
export function isAllowed(
  policy: AccessPolicy,
  callerArn: string,
  { action, connection }: { readonly action: Action; readonly connection: string },
): boolean {
  const principal = principalOf(callerArn);
  return policy.allow.some(
    ({ principals, actions, connections }) =>
      actions.some((allowed) => allowed === '*' || allowed === action) &&
      principals.some((pattern) => matches(pattern, principal)) &&
      connections.some((pattern) => matches(pattern, connection)),
  );
}

/** Whether a caller may read any connection of a client at all. */
export function mayList(policy: AccessPolicy, callerArn: string, client: string): boolean {
  return policy.allow.some(({ connections, ...entry }) => {
    const clients = connections.map((pattern) => pattern.split('/')[0] ?? '');
    const ofClients = { allow: [{ ...entry, connections: clients }] };
    return isAllowed(ofClients, callerArn, { action: 'read', connection: client });
  });
}

/** The IAM principal behind a caller's ARN: for an assumed role, the role. */
export function principalOf(callerArn: string): string {
  const assumed =
    /^arn:(?<partition>[\w-]+):sts::(?<account>\d+):assumed-role\/(?<role>[^/]+)\/[^/]+$/.exec(
      callerArn,
    );
  if (!assumed?.groups) return callerArn;
  const { partition, account, role } = assumed.groups;
  return `arn:${partition}:iam::${account}:role/${role}`;
}

/** Whether `text` matches a pattern in which `*` stands for any characters but `/`. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .split('*')
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('[^/]*');
  return new RegExp(`^${source}$`, 'u').test(text);
}
