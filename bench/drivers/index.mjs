// Turns driver names into what the runner must know of each without loading it: its forms of a call and its gaps.

/**
 * `forms` are the ways a driver has of making a call; every one is measured and the fastest counts.
 * `literal` is the form that names its types at each call, `noLiteral` the reason why a driver has none.
 * `lacks` says of cases that a driver cannot do, why.
 * `mayCrash` marks a peer known to overwrite memory in some rows (ffi-rs keeps a struct result in a slot of no size):
 * its crash is a footnote, while a crash of any other driver fails the run.
 */
export const drivers = [
  { name: 'holdfast', forms: ['define'], literal: 'literal' },
  {
    name: 'koffi',
    forms: ['func'],
    noLiteral: 'koffi has no call that names its types each time; `func()` binds once',
  },
  {
    name: 'ffi-rs',
    forms: ['load', 'define'],
    literal: 'literal',
    mayCrash: true,
    lacks: {
      callback: 'called on the JavaScript thread, a callback of ffi-rs runs later, and C gets an uninitialised value',
    },
  },
]
