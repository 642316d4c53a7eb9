import { definitions } from './definitions.ts';
import type { Json } from './merge-patch.ts';

/** Definitions as written, by name: a registration's overrides apply before defaults do. */
export type Catalogue = ReadonlyMap<string, Json>;

/** The definitions that come with this software. */
export const catalogue: Catalogue = new Map<string, Json>(definitions);
