import { Fault } from '../fault.ts';
import type { Client } from './client.ts';

/**
 * Decides which scope to ask for: the one requested, as far as the registration allows it, else all
 * that the registration allows, else the definition's default.
 *
 * @param requested - by the caller, separated by spaces (RFC 6749 §3.3); untrusted.
 * @returns separated by spaces; undefined: none is asked for.
 * @throws {Fault} `REQUEST_INVALID` when it is malformed or asks for more than is allowed.
 */
export function decideScope(client: Client, requested: string | undefined): string | undefined {
  const allowed = client.scope ?? client.definition.scope.default;
  if (requested === undefined) return allowed;
  const tokens = requested.split(' ');
  if (tokens.includes('')) refuse('scope must be scope tokens separated by single spaces');
  const allowedTokens = new Set(allowed?.split(' '));
  if (!tokens.every((token) => allowedTokens.has(token))) {
    refuse(`scope asks for more than scope in the registration of ${client.name} allows`);
  }
  return requested;
}

/** A scope as the provider wants it written: most join with a space, some with `,` or `+`. */
export function writeScope({ definition }: Client, scope: string): string {
  return scope.split(' ').join(definition.scope.separator);
}

function refuse(problem: string): never {
  throw new Fault('REQUEST_INVALID', { problems: [problem] });
}
