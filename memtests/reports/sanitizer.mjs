// Turns what AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer print into reports with frames.

/** `    #3 0x7f12 in name file.c:12:3`, or `... in name (/path/module.so+0x12) (BuildId: ...)` where there is no line. */
const FRAME =
  /^\s*#\d+ 0x[0-9a-f]+ (?:in (?<name>.*?) )?(?:(?<source>[^\s()]+:\d+(?::\d+)?)|\((?<module>[^()]+?)(?:\+0x[0-9a-f]+)?\)).*$/
const BEGIN =
  /^(?:==\d+==\s?ERROR: AddressSanitizer: (?<error>.*)|(?<leak>(?:Direct|Indirect) leak of .*)|(?<ub>\S+: runtime error: .*))$/

function frameOf(line) {
  const found = FRAME.exec(line)
  if (!found) return undefined
  const { name = '', source = '', module = '' } = found.groups
  return { name, source, module }
}

function kindOf({ error, leak, ub }) {
  return (error ?? (leak && 'leak') ?? ub.replace(/^.*runtime error: /, '')).split(/ on | in |:/)[0]
}

/** @returns {{ kind: string, what: string, stacks: object[][] }[]} */
export function readSanitizer(text) {
  const reports = []
  for (const line of text.split('\n')) {
    const begin = BEGIN.exec(line)
    if (begin) reports.push({ kind: kindOf(begin.groups), what: line.replace(/^==\d+==\s?/, ''), stacks: [[]] })
    const frame = frameOf(line)
    const stacks = reports.at(-1)?.stacks
    if (frame) stacks?.at(-1).push(frame)
    // A blank line or a heading ends a stack: that of the access is followed by that of the allocation.
    else if (stacks?.at(-1).length > 0) stacks.push([])
  }
  return reports.map((report) => ({ ...report, stacks: report.stacks.filter((stack) => stack.length > 0) }))
}
