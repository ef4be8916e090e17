// Turns the tokens of a Rust file into the top-level modules of its crate that it names.

const isWord = (text) => text !== undefined && /^(?:r#)?[A-Za-z_]\w*$/.test(text)

/** Index of the token after the bracket that closes the one at `open`. */
function afterGroup(tokens, open) {
  let depth = 0
  for (let index = open; index < tokens.length; index++) {
    if (tokens[index].text === '{') depth++
    if (tokens[index].text === '}') depth--
    if (depth === 0) return index + 1
  }
  return tokens.length
}

/**
 * Reads what follows a path's first part: `::name...`, or `::{tree, tree}` in a `use`.
 * Yields each full path from the crate's root, with `prefix` in front, no further than its first part needs.
 */
function* continuations(tokens, index, prefix) {
  if (prefix.length > 0) yield { path: prefix, line: tokens[index - 1].line }
  else if (tokens[index]?.text !== '::') yield { path: ['(the root itself)'], line: tokens[index - 1].line }
  else {
    const next = tokens[index + 1]
    if (next?.text === '{') yield* groupMembers(tokens, index + 1)
    else yield* oneMember(tokens, index + 1)
  }
}

function* oneMember(tokens, index) {
  const { text, line } = tokens[index] ?? { text: '', line: tokens[index - 1].line }
  // `self` in a group and `*` both bring in the root.
  yield { path: [isWord(text) && text !== 'self' ? text : '(the root itself)'], line }
}

function* groupMembers(tokens, open) {
  const end = afterGroup(tokens, open) - 1
  let startsMember = true
  for (let index = open + 1; index < end; index++) {
    const { text } = tokens[index]
    if (startsMember) yield* oneMember(tokens, index)
    startsMember = text === ','
    if (text === '{') index = afterGroup(tokens, index) - 1
  }
}

/** Follows `mod name {` and the closing brackets. @returns for each token the modules in the file that it lies in. */
function inlineModules(tokens) {
  const open = []
  let depth = 0
  return tokens.map(({ text }, index) => {
    if (text === '{') {
      depth++
      if (tokens[index - 2]?.text === 'mod') open.push({ name: tokens[index - 1].text, depth })
    }
    if (text === '}') {
      if (open.at(-1)?.depth === depth) open.pop()
      depth--
    }
    return open.map(({ name }) => name)
  })
}

/** Counts `super::super::...`. @returns how many, and the index after the last. */
function supers(tokens, start) {
  let count = 1
  let index = start + 1
  while (tokens[index]?.text === '::' && tokens[index + 1]?.text === 'super') {
    count++
    index += 2
  }
  return { count, index }
}

/**
 * Every mention of a top-level module by a path from `crate`, or by one from `super` that leads out of its own module.
 * @param {string[]} module the file's own path, from the root.
 * @returns {Generator<{ target: string, line: number }>}
 */
export function* referencedModules(tokens, module) {
  const inline = inlineModules(tokens)
  for (const [start, { text }] of tokens.entries()) {
    const before = tokens[start - 1]?.text
    // `pub(crate)` and `pub(super)` name no module that is used; `::crate` is the middle of a path that was read.
    if (before === '::' || (before === '(' && tokens[start + 1]?.text === ')')) continue
    let found
    if (text === 'crate') found = continuations(tokens, start + 1, [])
    if (text === 'super') {
      const { count, index } = supers(tokens, start)
      const here = [...module, ...inline[start]]
      found = continuations(tokens, index, here.slice(0, Math.max(0, here.length - count)))
    }
    for (const { path, line } of found ?? []) yield { target: path[0], line }
  }
}
