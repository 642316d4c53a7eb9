/** Each file with a definition, by its name. Written by `npm run definitions`. */
import definition_humanity from './humanity.json' with { type: 'json' };
import definition_hurdlr from './hurdlr.json' with { type: 'json' };
import definition_hurma from './hurma.json' with { type: 'json' };
import definition_hypersku from './hypersku.json' with { type: 'json' };
import definition_oauth2 from './oauth2.json' with { type: 'json' };

export const definitions = [
  ['humanity', definition_humanity],
  ['hurdlr', definition_hurdlr],
  ['hurma', definition_hurma],
  ['hypersku', definition_hypersku],
  ['oauth2', definition_oauth2],
] as const;
