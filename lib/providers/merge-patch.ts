/** A value as JSON has them (RFC 8259 §3). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** A JSON object (RFC 8259 §4). */
export interface JsonObject {
  readonly [name: string]: Json;
}

/**
 * Applies a JSON Merge Patch: members of `patch` replace those of `target`, objects are merged
 * member by member, `null` removes. Changes neither of the two.
 *
 * Members are copied as own members whatever their name, so none reaches a prototype.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc7396#section-2 | RFC 7396 §2}
 */
export function applyMergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, applyMergePatch(merged.get(name), value));
  }
  return Object.fromEntries(merged);
}

/** Whether a value is a JSON object: not a list, not null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
