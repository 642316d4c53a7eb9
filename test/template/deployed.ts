import type { Packaged, Resource } from './package-service.ts';

type Values = Readonly<Record<string, unknown>>;

/** Stands for what CloudFormation leaves out. */
const noValue = Symbol('AWS::NoValue');

/**
 * The template as CloudFormation would have it: parameters by their defaults, conditions decided,
 * and no resource whose condition is false. What only a deployment knows stays as it is.
 */
export function deployed(packaged: Packaged): Packaged {
  const { parameters, conditions } = packaged;
  const decided: Values = Object.fromEntries(
    Object.entries(conditions).map(([name, condition]) => [name, decide(condition)]),
  );

  function decide(condition: unknown): boolean {
    const [[kind, operands] = []] = Object.entries(condition as Values);
    const [first, second] = (operands as readonly unknown[]).map((each) =>
      typeof each === 'object' && each !== null && !('Ref' in each) ? decide(each) : resolve(each),
    );
    if (kind === 'Fn::Not') return first !== true;
    if (kind === 'Fn::Equals') return first === second;
    throw new Error(`a condition of a kind that no test knows: ${kind}`);
  }

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== noValue);
    if (typeof value !== 'object' || value === null) return value;
    const { Ref: name, 'Fn::If': choice } = value as Values;
    if (name === 'AWS::NoValue') return noValue;
    if (typeof name === 'string') return parameters[name]?.Default ?? value;
    if (Array.isArray(choice)) return resolve(decided[choice[0]] ? choice[1] : choice[2]);
    const members = Object.entries(value).map(([key, each]) => [key, resolve(each)] as const);
    return Object.fromEntries(members.filter(([, each]) => each !== noValue));
  }

  const made = Object.entries(packaged.resources).filter(
    ([, { Condition }]) => Condition === undefined || decided[Condition],
  );
  const resources = made.map(([id, resource]) => [id, resolve(resource) as Resource]);
  return { ...packaged, conditions: decided, resources: Object.fromEntries(resources) };
}
