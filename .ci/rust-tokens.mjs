// Turns Rust source into its words and signs, with comments, strings and characters left out.

const BLANK = /\s+/y
const LINE_COMMENT = /\/\/[^\n]*/y
const RAW_STRING = /(?:b|c)?r(#*)"[\s\S]*?"\1/y
const STRING = /(?:b|c)?"(?:\\[\s\S]|[^"\\])*"/y
// A lifetime ('a) has no closing quote right after its first character; a character ('a') has.
const CHARACTER = /b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])'/y
const LIFETIME = /'[A-Za-z_]\w*/y
const WORD = /(?:r#)?[A-Za-z_]\w*/y
const NUMBER = /\d\w*/y
const SIGN = /::|[^\s\w]/y

const SKIPPED = [BLANK, LINE_COMMENT, RAW_STRING, STRING, CHARACTER, LIFETIME, NUMBER]

function matchAt(pattern, text, index) {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0]
}

/** Block comments nest in Rust, which no regular expression follows. @returns index after the comment at `start`. */
function endOfBlockComment(text, start) {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    const pair = text.slice(index, index + 2)
    if (pair === '/*') depth++
    if (pair === '*/') depth--
    if (pair === '/*' || pair === '*/') index++
    if (depth === 0) return index + 1
  }
  return text.length
}

function endOfSkipped(text, index) {
  if (text.startsWith('/*', index)) return endOfBlockComment(text, index)
  for (const pattern of SKIPPED) {
    const found = matchAt(pattern, text, index)
    if (found) return index + found.length
  }
  return index
}

/** @returns {{ text: string, line: number }[]} */
export function tokenize(source) {
  const tokens = []
  let line = 1
  let index = 0
  while (index < source.length) {
    const end = endOfSkipped(source, index)
    const found = end > index ? '' : (matchAt(WORD, source, index) ?? matchAt(SIGN, source, index) ?? source[index])
    if (found) tokens.push({ text: found, line })
    const next = found ? index + found.length : end
    line += source.slice(index, next).split('\n').length - 1
    index = next
  }
  return tokens
}
