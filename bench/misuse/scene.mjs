// Turns the fixtures, the collector and other threads into what mistakes are made with.
import { once } from 'node:events'
import { copyFileSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { sound } from './verdict.mjs'

/** Beyond every threshold of malloc's: a mapping of its own, gone as soon as it is freed. */
export const BIG = 64 * 2 ** 20

/** Path of the built library of a topic of cpp/. */
export const fixture = (topic) => fileURLToPath(new URL(`../../cpp/build/lib${topic}.so`, import.meta.url))

/** Path of a copy in the working directory: nothing else has it loaded, so that closing it unmaps it. */
export function copyOf(topic) {
  const path = `${process.cwd()}/lib${topic}.${process.pid}.so`
  copyFileSync(fixture(topic), path)
  return path
}

/** Waits for another thread. */
export async function until(holds) {
  while (!holds()) await sleep(1)
}

/** Collects what can be collected, and lets finalizers run. */
export async function collect() {
  for (let i = 0; i < 10; i++) {
    globalThis.gc()
    await sleep(1)
  }
}

/** Lets a program's registry finalize an object that holds nothing. */
export async function finalized(finalize) {
  let outcome
  const registry = new FinalizationRegistry(() => {
    outcome = { value: finalize() }
  })
  registry.register({}, undefined)
  await until(() => {
    globalThis.gc()
    return outcome !== undefined
  })
  return outcome.value
}

/** Detaches a buffer, and drops its memory with the only object that has it now. */
export function detach(buffer) {
  structuredClone(buffer, { transfer: [buffer] })
  for (let i = 0; i < 3; i++) globalThis.gc()
}

/** Bytes by which the process grows each time. */
export function growth(act, times = 100_000) {
  act()
  globalThis.gc()
  const before = process.memoryUsage.rss()
  for (let i = 0; i < times; i++) act()
  globalThis.gc()
  return (process.memoryUsage.rss() - before) / times
}

/** Other code that fails after a call, as any program has it. */
export function failElsewhere() {
  try {
    readFileSync('/no such file')
  } catch (error) {
    sound(error.code, 'ENOENT')
  }
  globalThis.gc()
}

/** What a worker makes of `given`, with the module of that name: the value of an expression. */
export async function inWorker(module, expression, given) {
  const source = `
    const { parentPort, workerData: { module, given } } = require('node:worker_threads')
    const peer = require(module)
    parentPort.postMessage((${expression})(peer, given))
  `
  const resolved = module.startsWith('node:') ? module : createRequire(import.meta.url).resolve(module)
  const worker = new Worker(source, { eval: true, workerData: { module: resolved, given } })
  const [value] = await once(worker, 'message')
  await worker.terminate()
  return value
}

/** Addresses of the fixture that are none, each with what reading it comes to. */
export function wild({ low_address, noncanonical_address, unmapped_address }, read) {
  return {
    'a low address': () => read(low_address()),
    'a non-canonical address': () => read(noncanonical_address()),
    'an unmapped address': () => read(unmapped_address()),
  }
}
