import { browserProperties } from './browser-properties.ts';
import { callerProperties } from './caller-properties.ts';
import { oauthProperties } from './oauth-properties.ts';
import type { ParserProperty } from './parser-property.ts';
import { providerProperties } from './provider-properties.ts';
import { storedProperties } from './stored-properties.ts';

/** Every parser of untrusted input, and what holds of it. */
export const parserProperties: readonly ParserProperty[] = [
  ...browserProperties,
  ...oauthProperties,
  ...callerProperties,
  ...providerProperties,
  ...storedProperties,
];
