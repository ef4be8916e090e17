// Turns each round into JavaScript objects that stay reachable: planted, the slope of V8's heap must show it.
export function setUp({ n }) {
  const held = []
  return () => {
    for (let i = 0; i < 3 * n; i++) held.push(new Array(32).fill(i))
  }
}
