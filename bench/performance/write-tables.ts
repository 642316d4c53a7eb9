import type { FigureLine } from './figure.ts';
export type Reported = FigureLine & { readonly quick: boolean };
export function writeTables(text: string, _: readonly Reported[]): string {
  return text;
}
