/** A copy of `shape` without some of its members. */
export function without<Shape extends object, Name extends keyof Shape>(
  shape: Shape,
  ...names: readonly Name[]
): Omit<Shape, Name> {
  const rest: Partial<Shape> = { ...shape };
  for (const name of names) delete rest[name];
  return rest as Omit<Shape, Name>;
}
