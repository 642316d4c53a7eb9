import * as v from 'valibot';

/** To the library a list is an object too, one without members. */
const notList = v.custom<unknown>((input) => !Array.isArray(input), 'must be an object');

/** The schema of an object, for which a JSON list does not pass. */
export function jsonObject<Schema extends v.GenericSchema>(schema: Schema) {
  return v.pipe(notList, schema);
}
