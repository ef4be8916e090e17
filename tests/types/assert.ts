// Turns a claim that two types are the same into a compile error when they are not.

/** `true` when `A` and `B` are identical, `any`, `readonly` and optional marks included. */
export type Equal<A, B> =
  (<Probe>() => Probe extends A ? 1 : 2) extends <Probe>() => Probe extends B ? 1 : 2 ? true : false

/** Compiles only for `true`: `export type Claims = [Expect<Equal<...>>, ...]`. */
export type Expect<Claim extends true> = Claim
