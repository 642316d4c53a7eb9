import type { Packaged, Resource } from './package-service.ts';

/** The resource of a logical id. @throws {Error} when the template has none. */
export function resource({ resources }: Packaged, id: string): Resource {
  const found = resources[id];
  if (found === undefined) throw new Error(`the template has no ${id}`);
  return found;
}

/** All resources of a type, by their logical ids. */
export function resourcesOf(
  { resources }: Packaged,
  type: string,
): Readonly<Record<string, Resource>> {
  return Object.fromEntries(Object.entries(resources).filter(([, { Type }]) => Type === type));
}

/** What a function's resources are called: `refresh-due` is `RefreshDashdue`. */
export function logicalName(functionName: string): string {
  const name = functionName.replaceAll('-', 'Dash');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** The function's own resource. */
export function lambdaFunction(packaged: Packaged, name: string): Resource {
  return resource(packaged, `${logicalName(name)}LambdaFunction`);
}

/** Every function of the service. */
export const functionNames = [
  'authorize',
  'callback',
  'connect',
  'connections',
  'publish-events',
  'recover',
  'refresh',
  'refresh-due',
  'revoke',
  'vend',
  'vend-http',
] as const;

export type FunctionName = (typeof functionNames)[number];
