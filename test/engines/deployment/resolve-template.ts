import type { Template } from './serverless.ts';

/** Stands for what CloudFormation leaves out. */
const noValue = Symbol('AWS::NoValue');

/** What a deployment adds to a template: the ids under which its resources were made. */
export interface Made {
  readonly accountId: string;
  readonly physicalIds: ReadonlyMap<string, string>;
}

type Values = Readonly<Record<string, unknown>>;

/** Stands for what only a resource that was not made, or its service, would tell. */
const marker = (reference: string) => `{${reference}}`;

const markers = /\{[A-Za-z0-9.]+\}/g;

/** Whether a value is as wanted, whatever stands in the place of a marker. */
export function fits(wanted: unknown, found: unknown): boolean {
  if (typeof wanted === 'string') {
    if (wanted.replace(markers, '') === '' && wanted !== '') return true;
    const [start = '', ...others] = wanted.split(markers);
    const end = others.at(-1);
    if (end === undefined || typeof found !== 'string') return wanted === found;
    return found.startsWith(start) && found.endsWith(end);
  }
  if (typeof wanted !== 'object' || wanted === null) return wanted === found;
  if (typeof found !== 'object' || found === null) return false;
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  return [...names].every((name) => fits((wanted as Values)[name], (found as Values)[name]));
}

/**
 * The properties of every resource that the template asks for, as CloudFormation would send them to
 * each service. A reference to a resource that was not made stays, as a {@link marker}.
 */
export function resolveTemplate(
  template: Template,
  made: Made,
): ReadonlyMap<string, { readonly type: string; readonly properties: Values }> {
  const conditions = Object.fromEntries(
    Object.entries(template.Conditions).map(([name, each]) => [name, decide(template, each)]),
  );
  const wanted = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || conditions[Condition],
  );
  const resolve = buildResolver({ template, made, conditions });
  return new Map(
    wanted.map(([id, { Type: type, Properties = {} }]) => [
      id,
      { type, properties: resolve(Properties) as Values },
    ]),
  );
}

/** The conditions are about parameters only, and these have their defaults. */
function decide(template: Template, condition: unknown): boolean {
  const [[kind, operands] = []] = Object.entries(condition as Values);
  const values = operands as readonly unknown[];
  switch (kind) {
    case 'Fn::Not':
      return !decide(template, values[0]);
    case 'Fn::Equals': {
      const [first, second] = values.map((each) => {
        const { Ref: name } = typeof each === 'object' ? (each as { Ref?: string }) : {};
        return name === undefined ? each : template.Parameters[name]?.Default;
      });
      return first === second;
    }
    default:
      throw new Error(`a condition of a kind that no test knows: ${kind}`);
  }
}

interface Known {
  readonly template: Template;
  readonly made: Made;
  readonly conditions: Readonly<Record<string, boolean>>;
}

function buildResolver(known: Known): (value: unknown) => unknown {
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== noValue);
    if (typeof value !== 'object' || value === null) return value;
    const [[kind, operand] = []] = Object.entries(value);
    switch (kind) {
      case 'Ref':
        return refer(known, operand);
      case 'Fn::GetAtt':
        return readAttribute(known, operand);
      case 'Fn::Join':
        return operand[1].map(resolve).join(operand[0]);
      case 'Fn::Sub':
        return operand.replace(/\$\{([^}]+)\}/g, (_: string, name: string) =>
          name.includes('.') ? readAttribute(known, name.split('.')) : refer(known, name),
        );
      case 'Fn::If':
        return resolve(known.conditions[operand[0]] ? operand[1] : operand[2]);
      default: {
        const members = Object.entries(value).map(([name, each]) => [name, resolve(each)] as const);
        return Object.fromEntries(members.filter(([, each]) => each !== noValue));
      }
    }
  };
  return resolve;
}

function refer({ template, made }: Known, name: string): unknown {
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': made.accountId,
    'AWS::NoValue': noValue,
    'AWS::Partition': 'aws',
    'AWS::Region': 'us-east-1',
    'AWS::URLSuffix': 'amazonaws.com',
  };
  if (name in pseudo) return pseudo[name];
  const { Default: value } = template.Parameters[name] ?? {};
  return value ?? made.physicalIds.get(name) ?? marker(name);
}

const arnStarts: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'dynamodb:us-east-1:{account}:table/',
  'AWS::IAM::Role': 'iam::{account}:role/',
  'AWS::Lambda::Function': 'lambda:us-east-1:{account}:function:',
  'AWS::Logs::LogGroup': 'logs:us-east-1:{account}:log-group:',
  'AWS::SQS::Queue': 'sqs:us-east-1:{account}:',
};

function readAttribute({ template, made }: Known, [id = '', attribute = '']: string[]): string {
  const type = template.Resources[id]?.Type ?? '';
  const physicalId = made.physicalIds.get(id);
  const start = arnStarts[type]?.replace('{account}', made.accountId);
  if (physicalId === undefined || start === undefined) return marker(`${id}.${attribute}`);
  // A queue's is its URL.
  const name = type === 'AWS::SQS::Queue' ? (physicalId.split('/').at(-1) ?? '') : physicalId;
  if (attribute === 'QueueName') return name;
  if (attribute !== 'Arn') return marker(`${id}.${attribute}`);
  // In AWS a log group's ends with `:*`, in moto it does not.
  return `arn:aws:${start}${name}${type === 'AWS::Logs::LogGroup' ? marker(`${id}.Streams`) : ''}`;
}
