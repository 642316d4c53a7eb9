import fc from 'fast-check';

/** How inputs are drawn: the same seed draws the same ones. */
export interface Draw {
  readonly seed?: number;
  readonly numRuns?: number;
  /** Leads to one input of a seed: where an earlier run has failed. */
  readonly path?: string;
}

/** What came of some inputs. */
export interface Trial {
  readonly tried: number;
  /** How many of them were read; the others were refused. */
  readonly read: number;
  readonly slowestMs: number;
  /** Of the first input that broke the property, after it was made as small as it could be. */
  readonly failure?: {
    readonly counterexample: unknown;
    readonly path: string;
    readonly error: string;
  };
}

/** A promise about every input of one parser, however odd. */
export interface ParserProperty {
  readonly name: string;
  readonly attempt: (draw: Draw) => Promise<Trial>;
}

/**
 * Ties a parser's inputs to what must hold of each.
 *
 * @param hold - answers whether the input was read, or refused; throws where the promise is broken.
 */
export function parserProperty<Input>(
  name: string,
  inputs: fc.Arbitrary<Input>,
  hold: (input: Input) => boolean | Promise<boolean>,
): ParserProperty {
  return {
    name,
    attempt: async (draw) => {
      let read = 0;
      let slowestMs = 0;
      const property = fc.asyncProperty(inputs, async (input) => {
        const beganMs = performance.now();
        if (await hold(input)) read += 1;
        slowestMs = Math.max(slowestMs, performance.now() - beganMs);
      });
      const { numRuns, failed, counterexample, counterexamplePath, errorInstance } = await fc.check(
        property,
        { ...draw, endOnFailure: draw.path !== undefined },
      );
      if (!failed) return { tried: numRuns, read, slowestMs };
      const failure = {
        counterexample: counterexample?.[0],
        path: counterexamplePath ?? '',
        error: errorInstance instanceof Error ? String(errorInstance.stack) : 'it does not hold',
      };
      return { tried: numRuns, read, slowestMs, failure };
    },
  };
}
