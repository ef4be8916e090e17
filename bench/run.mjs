// Turns a command line into a benchmark run: fixture compiled, rounds measured, table printed, RESULTS.md on request.
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { buildFixture } from './build.mjs'
import { cases } from './cases.mjs'
import { drivers } from './drivers/index.mjs'
import { environment } from './environment.mjs'
import { resultsPage, summary } from './report.mjs'
import { lanesOf, measure } from './rounds.mjs'

const USAGE = `node bench/run.mjs [options]
  --rounds N       rounds of child processes (default 5)
  --quick          one short round, to see that everything runs; its times mean nothing
  --node PATH      Node binary to measure (default: this one)
  --cases A,B      only these cases: ${cases.map(({ id }) => id).join(' ')}
  --drivers A,B    only these drivers: ${drivers.map(({ name }) => name).join(' ')}
  --write          write bench/RESULTS.md, if nothing broke
Exits 0 unless a driver broke or gave a wrong result; times decide nothing.`

const THOROUGH = { warmUpMs: 300, loops: 5, loopMs: 100 }
const QUICK = { warmUpMs: 30, loops: 2, loopMs: 10 }

const options = readOptions()
if (options.help) console.log(USAGE)
else await run(options)

async function run({ rounds, quick, node, cases: caseIds, drivers: driverNames, write }) {
  const chosen = pick(drivers, driverNames, 'name')
  const lanes = lanesOf(pick(cases, caseIds, 'id'), chosen)
  const profile = quick ? QUICK : THOROUGH
  const count = quick ? 1 : rounds
  const tell = (line) => process.stderr.write(`${line}\n`)
  const measured = await measure(lanes, { rounds: count, node, library: buildFixture(), profile, tell })
  const where = environment(measured, chosen)
  console.log(`${where}\n\n${summary(lanes, chosen)}`)
  const broken = lanes.filter((lane) => lane.failure)
  for (const { driver, form, bench, failure } of broken) tell(`${driver.name} ${form}, ${bench.id}: ${failure}`)
  if (broken.length) process.exitCode = 1
  else if (write) {
    const method = { rounds: count, ...profile }
    writeFileSync(new URL('RESULTS.md', import.meta.url), resultsPage(where, lanes, chosen, method))
  }
}

function pick(all, wanted, key) {
  if (!wanted) return all
  const names = wanted.split(',')
  const unknown = names.find((name) => !all.some((entry) => entry[key] === name))
  if (unknown !== undefined) fail(`unknown ${key === 'id' ? 'case' : 'driver'} "${unknown}"`)
  return all.filter((entry) => names.includes(entry[key]))
}

function readOptions() {
  const values = parse()
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) fail('--rounds takes a whole number from 1')
  if (values.write && (values.quick || values.cases || values.drivers)) {
    fail('--write takes the whole table: leave out --quick, --cases and --drivers')
  }
  return { ...values, rounds }
}

function parse() {
  try {
    return parseArgs({
      options: {
        rounds: { type: 'string', default: '5' },
        quick: { type: 'boolean', default: false },
        node: { type: 'string', default: process.execPath },
        cases: { type: 'string' },
        drivers: { type: 'string' },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    return fail(error.message)
  }
}

function fail(message) {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}
