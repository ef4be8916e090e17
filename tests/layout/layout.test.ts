// Turns the C compiler into the judge of layoutOf: size, alignment and every offset of every case.
import { layoutOf } from 'holdfast'
import { describe, expect, it } from 'vitest'
import { cases } from './cases.js'
import { measureLayouts } from './cc.js'
import { scalars } from './describe.js'

const measured = measureLayouts(scalars, cases)

describe('layoutOf', () => {
  it.each(scalars.map((type, index) => ({ type, index })))('agrees with cc on scalar $type', ({ type, index }) => {
    const { size, align } = layoutOf(type)
    expect({ size, align }).toEqual(measured.scalars[index])
  })

  let compared = 0
  it.each(cases.map((layoutCase, index) => ({ ...layoutCase, index })))(
    'agrees with cc on $name',
    ({ type, index }) => {
      const expected = measured.structs[index]
      const { size, align, offsets } = layoutOf(type)
      expect({ size, align, offsets }).toEqual(expected)
      compared++
    },
  )

  it('is compared on at least 60 structs', () => {
    expect(compared).toBeGreaterThanOrEqual(60)
  })
})
