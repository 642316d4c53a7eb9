import type { Definition } from './definition.ts';
import { listTemplates, placeholders } from './templates.ts';

/** A param's value as it stands in templates, or what is wrong with it. */
export type ParamReading =
  | { readonly outcome: 'read'; readonly text: string }
  | { readonly outcome: 'refused'; readonly problem: string };

/** One DNS label (RFC 1035 §2.3.1), lower case: a value that cannot lead to another host. */
const hostLabel = /^(?=.{1,63}$)[a-z0-9](?:-?[a-z0-9])*$/;

/**
 * Reads the value of one declared param.
 *
 * @param name - one of `definition.params`.
 * @param value - untrusted; no problem repeats it.
 */
export function readParamValue(definition: Definition, name: string, value: unknown): ParamReading {
  const param = definition.params[name];
  const refuse = (problem: string): ParamReading => ({ outcome: 'refused', problem });
  if (!param) return refuse('is not a known param');
  if (typeof value !== 'string') return refuse('must be a string');
  if (param.choices) {
    const text = Object.hasOwn(param.choices, value) ? param.choices[value] : undefined;
    if (text !== undefined) return { outcome: 'read', text };
    return refuse(`must be one of ${Object.keys(param.choices).join(', ')}`);
  }
  if (param.format === 'host_label') {
    if (hostLabel.test(value)) return { outcome: 'read', text: value };
    return refuse(
      'must be one host label: lower-case letters and digits, parted by single hyphens',
    );
  }
  if (!/^[^\p{Cc}]{1,256}$/u.test(value) || !value.isWellFormed()) {
    return refuse('must be 1 to 256 characters, none of them a control character');
  }
  if (!/^[ -~]*$/.test(value) && standsInHeader(definition, name)) {
    return refuse('must be ASCII, since it is sent in a header');
  }
  return { outcome: 'read', text: value };
}

/** What a param is, for the person who has to supply its value. */
export function describeParam(definition: Definition, name: string): string {
  return definition.params[name]?.description ?? name;
}

function standsInHeader(definition: Definition, name: string): boolean {
  return listTemplates(definition).some(
    ({ kind, text }) => kind === 'header' && placeholders(text).includes(name),
  );
}
