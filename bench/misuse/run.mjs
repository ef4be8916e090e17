// Turns every mistake of the misuse matrix, made with each peer in processes of their own, into results.json.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { nodeVersions } from '../../.ci/versions.mjs'
import { buildFixtures } from '../../cpp/build.mjs'
import { measure, membersOf } from './processes.mjs'

const USAGE = `node bench/misuse/run.mjs [options]
  --peers A,B      only these: koffi, ffi-rs, node-ffi
  --rows A,B       only these rows
  --attempts N     processes for each mistake (default 3)
  --write          write bench/misuse/results.json, which docs/MISUSE.md is printed from
Linux only. Exits 0 unless a driver is wrong; what peers do decides nothing.`

const RESULTS = fileURLToPath(new URL('results.json', import.meta.url))
const tell = (line) => process.stderr.write(`${line}\n`)

/** Each peer with the Node that it runs on: node:ffi is in Node 26, and the others are measured on this one. */
function peersOf(names) {
  const newest = () => nodeVersions({ onlyCurrent: false, say: tell }).at(-1).program
  const all = { koffi: process.execPath, 'ffi-rs': process.execPath, 'node-ffi': undefined }
  return (names ?? Object.keys(all)).map((name) => ({ name, program: all[name] ?? newest() }))
}

async function run({ peers: names, rows: wanted, attempts, write }) {
  buildFixtures()
  const peers = []
  for (const peer of peersOf(names?.split(','))) peers.push({ ...peer, ...(await membersOf(peer)) })
  const ids = Object.keys(peers[0].rows)
  for (const { name, rows } of peers) {
    if (Object.keys(rows).sort().join() !== ids.toSorted().join()) throw new Error(`${name} has other rows`)
  }
  const rows = {}
  for (const id of wanted?.split(',') ?? ids) {
    rows[id] = {}
    for (const peer of peers) {
      rows[id][peer.name] = await measure(peer, id, Number(attempts))
      tell(`${id} ${peer.name}: ${JSON.stringify(rows[id][peer.name])}`)
    }
  }
  finish({ peers, rows, write: write && !names && !wanted })
}

function finish({ peers, rows, write }) {
  const broken = Object.values(rows)
    .flatMap(Object.values)
    .flatMap((row) => Object.values(row))
    .filter((outcomes) => Array.isArray(outcomes) && outcomes.some(({ kind }) => kind === 'broken'))
  if (broken.length > 0) {
    tell(`${broken.length} mistakes of drivers: ${JSON.stringify(broken, undefined, 2)}`)
    process.exitCode = 1
  } else if (write) {
    const { glibcVersionRuntime } = process.report.getReport().header
    const platform = `${process.platform} ${process.arch}, glibc ${glibcVersionRuntime}`
    const measured = Object.fromEntries(peers.map(({ name, version, node }) => [name, { version, node }]))
    const date = new Date().toISOString().slice(0, 10)
    writeFileSync(RESULTS, `${JSON.stringify({ date, platform, peers: measured, rows }, undefined, 2)}\n`)
  }
}

const { values } = parseArgs({
  options: {
    peers: { type: 'string' },
    rows: { type: 'string' },
    attempts: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) console.log(USAGE)
else await run(values)
