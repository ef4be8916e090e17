// Turns resident sizes, one after each round, into growth a round with a one-sided confidence bound.

/** One-sided 99.9% points of Student's t by degrees of freedom; between two of them the larger holds. */
const T = [
  [5, 5.893],
  [10, 4.144],
  [15, 3.733],
  [20, 3.552],
  [30, 3.385],
  [60, 3.232],
  [120, 3.16],
] // prettier-ignore

function quantile(freedom) {
  const row = T.findLast(([from]) => from <= freedom)
  if (row === undefined) throw new Error(`${freedom + 2} sizes are too few for a bound`)
  return row[1]
}

/**
 * The slope of a line through the sizes and the bound that it exceeds with 99.9% confidence. A resident size walks: what
 * one round adds stays, so the errors of neighbours are not independent and ordinary least squares would take one
 * new page for a trend. With errors that add up, the best linear estimate is the mean of the differences, whose
 * own errors are independent.
 * @param {number[]} sizes in bytes. @returns {{ slope: number, bound: number }} in bytes a round; leaks have `bound > 0`.
 */
export function growth(sizes) {
  const steps = sizes.slice(1).map((size, i) => size - sizes[i])
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length
  const squares = steps.reduce((sum, step) => sum + (step - mean) ** 2, 0)
  const deviation = Math.sqrt(squares / (steps.length - 1) / steps.length)
  return { slope: mean, bound: mean - quantile(steps.length - 1) * deviation }
}
