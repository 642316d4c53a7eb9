import * as v from 'valibot';

const lifetime = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(315_360_000));

/** What every simulated vendor can be told to do, in seconds and as sent to `/_control/settings`. */
export const commonSettings = {
  access_token_seconds: lifetime,
  refresh_token_seconds: lifetime,
  code_seconds: lifetime,
  /**
   * What a refresh does to the refresh token: `none`, it stays; `strict`, a new one, and the use
   * of the old one ends the whole grant; `grace_seconds`, the same but the old one works so long.
   */
  rotation: v.union([v.picklist(['none', 'strict']), v.strictObject({ grace_seconds: lifetime })]),
  /** Whether token answers tell the access token's life: truly, not at all, or as 0. */
  reported_expiry: v.picklist(['given', 'absent', 'zero']),
  /** Whether a refresh ends the access token that came with the refresh token. */
  refresh_ends_access_token: v.boolean(),
} as const;

const commonShape = v.object(commonSettings);

export type CommonSettings = Readonly<v.InferOutput<typeof commonShape>>;

/**
 * Reads changed settings over the current ones.
 *
 * @param input - a JSON object, untrusted.
 * @returns the settings to hold from now on, or what is wrong with the input.
 */
export function parseSettings<S extends CommonSettings>(
  schema: v.GenericSchema<unknown, S>,
  current: S,
  input: Readonly<Record<string, unknown>>,
):
  | { readonly outcome: 'parsed'; readonly settings: S }
  | { readonly outcome: 'refused'; readonly problems: readonly string[] } {
  const result = v.safeParse(schema, { ...current, ...input });
  if (result.success) return { outcome: 'parsed', settings: result.output };
  return {
    outcome: 'refused',
    problems: result.issues.map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`),
  };
}

/** The seconds to report as the access token's life; undefined: leave the member out. */
export function reportedExpiry(settings: CommonSettings, expiresIn: number): number | undefined {
  switch (settings.reported_expiry) {
    case 'given':
      return expiresIn;
    case 'absent':
      return undefined;
    case 'zero':
      return 0;
  }
}
