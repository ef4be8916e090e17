// Turns the two ways of giving a call its values into one list.

/** The values of a call that were given one by one, or as one array. */
export function tupleOf(values: readonly unknown[]): readonly unknown[] {
  const [only] = values
  return values.length === 1 && Array.isArray(only) ? only : values
}
