/**
 * What the measured units come to on AWS, for any number of connections.
 *
 * @module
 */
import type { FigureLine } from './figure.ts';
import { prices } from './prices.ts';
import { writeRows } from './table.ts';

/** What one refresh consumes, as measured. */
export interface RefreshUnits {
  readonly write: number;
  readonly read: number;
}

const secondsPerMonth = 30 * 86_400;
const lambdaGb = 0.5;
/** What is assumed where nothing can be measured here. */
const assumed = {
  /** The provider's time to answer, and that of six requests to DynamoDB in a row. */
  refreshSeconds: 0.3 + 0.04,
  vendSeconds: 0.006,
  /** Both rows and their entries in the indexes. */
  storedKb: 2.5,
  /** One to receive, one to delete, a tenth of one to send. */
  queueRequests: 2.1,
} as const;

/** @returns undefined when they were not measured. */
export function readUnits(
  figures: ReadonlyMap<string, Pick<FigureLine, 'median'>>,
): RefreshUnits | undefined {
  const write = figures.get('units.refresh.small_credential.write')?.median;
  const read = figures.get('units.refresh.small_credential.read')?.median;
  return write === undefined || read === undefined ? undefined : { write, read };
}

/** Connections by the life of their access tokens, and what they cost in a month. */
export function writeCosts(units: RefreshUnits): readonly string[] {
  const rows = [1e6, 100e6].flatMap((connections) =>
    [1, 24].map((hours) => {
      const refreshes = connections / refreshEverySeconds(hours * 3600);
      const { dynamodb, lambda, queue, storage } = reckonMonth(units, { connections, refreshes });
      return [
        ...[`${connections / 1e6} million`, `${hours} h`, count(refreshes)],
        ...[count(refreshes * units.write), count(refreshes * assumed.refreshSeconds)],
        ...[dynamodb, lambda, queue, storage].map(dollars),
        `**${dollars(dynamodb + lambda + queue + storage)}**`,
      ];
    }),
  );
  const table = writeRows(
    [
      ...['connections', 'tokens live', 'refreshes/s', 'write units/s', '`refresh` at once'],
      ...['DynamoDB', 'Lambda', 'SQS', 'storage', 'a month'],
    ],
    rows,
  );
  const vends = `A million vends that read the store cost $${reckonMillionVends().toFixed(2)}.`;
  return [...table, '', vends];
}

/** A vend from the store, by the million. */
function reckonMillionVends(): number {
  const { readUnit, lambdaRequest, lambdaGbSecond } = prices;
  return 1e6 * (0.5 * readUnit + lambdaRequest + assumed.vendSeconds * lambdaGb * lambdaGbSecond);
}

/**
 * How long after an answer the next refresh comes, on average: a fifth of the life before its end, an
 * hour at most, or up to half of that later, to spread them.
 */
function refreshEverySeconds(lifetime: number): number {
  return lifetime - Math.min(lifetime / 5, 3600) * 0.75;
}

function reckonMonth(
  { write, read }: RefreshUnits,
  { connections, refreshes }: { readonly connections: number; readonly refreshes: number },
) {
  const monthly = refreshes * secondsPerMonth;
  const gb = (connections * assumed.storedKb) / 1e6;
  const second = lambdaGb * prices.lambdaGbSecond;
  return {
    dynamodb: monthly * (write * prices.writeUnit + read * prices.readUnit),
    lambda: monthly * (prices.lambdaRequest + assumed.refreshSeconds * second),
    queue: monthly * assumed.queueRequests * prices.queueRequest,
    storage: gb * (prices.storageGbMonth + prices.backupGbMonth),
  };
}

const count = (value: number) => Math.round(value).toLocaleString('en-US');
const dollars = (value: number) => `$${count(value)}`;
