import humanity from './humanity.json' with { type: 'json' };
import hurdlr from './hurdlr.json' with { type: 'json' };
import hurma from './hurma.json' with { type: 'json' };
import hypersku from './hypersku.json' with { type: 'json' };
import type { Json } from './merge-patch.ts';
import oauth2 from './oauth2.json' with { type: 'json' };

/** Definitions as written, by name: a registration's overrides apply before defaults do. */
export type Catalogue = ReadonlyMap<string, Json>;

/** The definitions that come with this software. */
export const catalogue: Catalogue = new Map<string, Json>(
  [humanity, hurdlr, hurma, hypersku, oauth2].map((definition) => [definition.name, definition]),
);
