import type { Figure } from './figure.ts';
import type { BundleContents, Measure } from './measure.ts';

const mostListed = 10;

/** How big the bundles are, and what in them is heaviest. */
export const bundles: Measure = async function* ({ build }) {
  yield [...build.contents].map(
    ([key, contents]): Figure => ({
      figure: `bundles.${key}.size`,
      unit: 'KiB',
      // It is the same each time.
      runs: [toKib(contents.bytes)],
      parameters: {
        heaviest_modules_kib: listHeaviest(contents.modules),
        heaviest_packages_kib: listHeaviest(sumByPackage(contents)),
      },
      floors: ['bundles.bare-get-item.size'],
    }),
  );
};

function listHeaviest(sizes: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  const heaviest = [...sizes].toSorted(([, one], [, other]) => other - one).slice(0, mostListed);
  return Object.fromEntries(heaviest.map(([name, bytes]) => [shorten(name), toKib(bytes)]));
}

function sumByPackage({ modules }: BundleContents): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [path, bytes] of modules) {
    const [, name = 'evergrant'] = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    sums.set(name, (sums.get(name) ?? 0) + bytes);
  }
  return sums;
}

const shorten = (path: string) => path.replace(/^.*node_modules\//, '');
const toKib = (bytes: number) => Math.round((bytes / 1024) * 10) / 10;
