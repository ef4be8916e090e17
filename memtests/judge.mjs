// Turns what a run printed and a tool reported into what is wrong with it; nothing wrong means as expected.
import { concernsUs, describe, frameOfOurs, isOurs, isProbe } from './reports/verdict.mjs'

/** What the child said of itself in its last words. */
function outcomeOf(output) {
  const line = output.split('\n').findLast((text) => text.startsWith('@memtest '))
  return line === undefined ? undefined : JSON.parse(line.slice('@memtest '.length))
}

const ending = ({ code, output }) => `ended with ${code}:\n${output.trim().split('\n').slice(-25).join('\n')}`

/**
 * A run that must be clean: it ends well, its counters are back, and the tool reports nothing with a frame of ours.
 * `probes` says whether bad addresses are read through the routine that may: always (`true`), never (`false`), or as
 * chance has it (`'sometimes'`).
 */
export function judgeScenario({ run, found, probes, tool }) {
  const outcome = outcomeOf(run.output)
  const ours = found.reports.filter(concernsUs)
  const seen = ours.filter(isProbe).length
  const problems = ours.filter((report) => !isProbe(report)).map(describe)
  // AddressSanitizer ends a process with an error of its own, which the reports explain better.
  if (outcome === undefined || (run.code !== 0 && problems.length === 0)) problems.push(ending(run))
  problems.push(...(outcome?.problems ?? []))
  if (!found.complete) problems.push('the tool did not come to its end')
  if (seen > 0 && !probes)
    problems.push(`${seen} reads of bad addresses, and the scenario has none: ${describe(ours.find(isProbe))}`)
  if (seen === 0 && probes === true && tool === 'valgrind')
    problems.push('valgrind is silent about bad addresses that are read')
  return { problems, foreign: found.reports.length - ours.length, seen, slopes: outcome?.slopes }
}

/** A run that must not be clean: the tool names the mistake, in a frame with the name and line of who made it. */
export function judgeFault({ run, found, fault, tool }) {
  const claim = fault.claims[tool]
  if (fault.by === 'scenario') {
    const said = judgeScenario({ run, found, probes: false, tool }).problems
    const caught = said.find((problem) => claim.test(problem))
    return { problems: caught ? [] : [`not caught; said: ${said.join('; ') || ending(run)}`], caught }
  }
  const named = found.reports.filter((report) => claim.test(report.kind))
  const guilty = (frame) => isOurs(frame) && fault.frame.test(frame.name) && frame.source !== ''
  const caught = named.find(({ stacks }) => stacks.flat().some(guilty))
  if (caught) return { problems: [], caught: describe({ ...caught, stacks: [caught.stacks.flat().filter(guilty)] }) }
  const said = found.reports.map(describe).join('\n')
  const why =
    named.length > 0 ? `reported without a frame that names it (${frameOfOurs(named[0])?.name})` : 'not caught'
  return { problems: [`${why}; reports:\n${said || ending(run)}`] }
}

/** A test program of the core: all its tests pass, and the tool reports nothing of ours. */
export function judgeProgram({ run, found }) {
  const ours = found.reports.filter(concernsUs)
  const problems = ours.filter((report) => !isProbe(report)).map(describe)
  const passed = Number(/^test result: ok\. (\d+) passed/m.exec(run.output)?.[1] ?? 0)
  if (run.code !== 0 || passed === 0) problems.push(ending(run))
  if (!found.complete) problems.push('the tool did not come to its end')
  return { problems, passed, seen: ours.filter(isProbe).length, foreign: found.reports.length - ours.length }
}
