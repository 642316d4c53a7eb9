import {
  GetRoleCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
  NoSuchEntityException,
} from '@aws-sdk/client-iam';
import type { Session } from '../session.ts';
import { type Diagnosis, redeploy, wrong } from './diagnosis.ts';

/** The one managed policy of the deployment: the right to its own KMS key. */
const ownManagedPolicy = /KmsKeyPolicy/;

/**
 * Whether a function's role is there, has the one policy that the deployment gives it, named after
 * the function, and no other: what is added by hand is what nobody reviews.
 */
export async function lookAtRole(
  session: Session,
  name: string,
  roleArn: string,
): Promise<readonly Diagnosis[]> {
  const about = `role of ${name}`;
  const RoleName = roleArn.split('/').at(-1) ?? '';
  const iam = session.aws().iam();
  try {
    await iam.send(new GetRoleCommand({ RoleName }));
  } catch (error) {
    if (!(error instanceof NoSuchEntityException)) throw error;
    return [wrong(about, 'it does not exist', redeploy(session))];
  }
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const { AttachedPolicies = [] } = await iam.send(
    new ListAttachedRolePoliciesCommand({ RoleName }),
  );
  const isMissing = !PolicyNames.includes(name);
  return [
    ...(isMissing ? [wrong(about, `its policy ${name} is gone`, redeploy(session))] : []),
    ...PolicyNames.filter((policy) => policy !== name).map((policy) =>
      wrong(
        about,
        `it has a policy ${policy} that the deployment does not give it`,
        `aws iam delete-role-policy --role-name ${RoleName} --policy-name ${policy}`,
      ),
    ),
    ...AttachedPolicies.filter(({ PolicyName = '' }) => !ownManagedPolicy.test(PolicyName)).map(
      ({ PolicyName, PolicyArn }) =>
        wrong(
          about,
          `it has a policy ${PolicyName} that the deployment does not give it`,
          `aws iam detach-role-policy --role-name ${RoleName} --policy-arn ${PolicyArn}`,
        ),
    ),
  ];
}
