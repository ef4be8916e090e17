// Turns 8 threads of C, 4 workers, asynchronous calls, frees, closes and ends at random into a process that survives them.
//
// `node tests/soak/threads.mjs [seconds] [seed]`: exit code 1 if an answer was wrong or anything is left.
import { once } from 'node:events'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

const THREADS = 8
const WORKERS = 4
/** Places on the board that each environment has of each kind. */
const PLACES = 8
/** An address may be called until 1024 callbacks were released after it; by then no thread may know it any more. */
const RELEASES = 500

/** xorshift32: the same choices for the same seed, though not the same moments. */
function randomOf(seed) {
  let state = seed >>> 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const suffix = process.platform === 'darwin' ? 'dylib' : 'so'

async function bindAll({ build, number }) {
  const package_ = build ? pathToFileURL(`${build}dist/index.mjs`).href : 'holdfast'
  const ffi = await import(package_)
  const folder = build ?? new URL('../../cpp/build/', import.meta.url).pathname
  const path = (topic) => `${folder}lib${topic}.${suffix}`
  const { I32, I64, External, String: Text, U64, U8, U8Array, Void } = ffi.DataType
  const ask = ffi.funcConstructor({ paramsType: [I32], retType: I32 })
  const tell = ffi.funcConstructor({ paramsType: [I32], retType: Void, nonblocking: true })
  const bind = (topic, key, functions) => {
    ffi.open({ library: key, path: path(topic) })
    const described = Object.entries(functions).map(([name, [retType, ...paramsType]]) => {
      return [name, { library: key, retType, paramsType, freeResultMemory: name === 'join' }]
    })
    return ffi.define(Object.fromEntries(described))
  }
  const board = bind('board', `board ${number}`, {
    board_start: [I32, I32],
    board_stop: [I64],
    board_ask: [Void, I32, External],
    board_tell: [Void, I32, External],
    board_moment: [I32],
    board_saw: [I32, I32],
    board_calls: [I64],
    board_zeros: [I64],
  })
  const c = bind('callbacks', `callbacks ${number}`, { sum_i32: [I64, ask, I32] })
  const bindOften = (key) => {
    return bind('async', key, {
      add: [I32, I32, I32],
      join: [Text, Text, Text],
      constant_text: [Text, I32],
      fill: [Void, U8Array, U64, U8, I32],
    })
  }
  return { ffi, ask, tell, board, c, bindOften }
}

/** One environment's part in it. */
class Player {
  #random
  #number
  #bound
  #alive = []
  #released = 0
  #pending = new Set()
  #library
  failures = []

  constructor(number, seed, bound) {
    this.#number = number
    this.#random = randomOf(seed)
    this.#bound = bound
    this.#open()
  }

  async play(goesOn) {
    const acts = [this.#create, this.#create, this.#free, this.#free, this.#call, this.#callAside, this.#callBackAside]
    while (goesOn()) {
      for (let i = this.#random(30); i >= 0; i--) acts[this.#random(acts.length)].call(this)
      if (this.#random(10) === 0) this.#reopen()
      if (this.#released >= RELEASES) await this.#forget()
      if (this.#pending.size > 50) await Promise.all(this.#pending)
      if (this.#random(5) === 0) await sleep(1)
      else await turn()
    }
  }

  async end() {
    await this.#forget()
    for (const block of this.#alive.splice(0)) block.free()
    await Promise.all(this.#pending)
    this.#bound.ffi.close(this.#library.key)
  }

  #check(is, what) {
    if (!is) this.failures.push(what)
  }

  #open() {
    const key = `often ${this.#number}.${this.#random(5)}`
    this.#library = { key, c: this.#bound.bindOften(key) }
  }

  /** Closes in the middle of asynchronous calls. */
  #reopen() {
    this.#bound.ffi.close(this.#library.key)
    this.#open()
  }

  /** Puts a callback on the board; one that was there may live on. */
  #create() {
    if (this.#alive.length >= 40) return
    const { ffi, ask, tell, board } = this.#bound
    const place = this.#number * PLACES + this.#random(PLACES)
    const isAsked = this.#random(3) > 0
    const freesItself = this.#random(4) === 0
    const throws = this.#random(40) === 0
    let made
    const run = (value) => {
      if (freesItself) this.#drop(made[0])
      if (throws) throw new Error('planned')
      if (value % 50 === 0) this.#call()
      return isAsked ? 2 * value + 1 : undefined
    }
    made = ffi.createPointer({ paramsType: [isAsked ? ask : tell], paramsValue: [run] })
    const [code] = ffi.unwrapPointer(made)
    if (isAsked) board.board_ask(place, code)
    else board.board_tell(place, code)
    this.#alive.push(made[0])
  }

  /** The board keeps the address. */
  #free() {
    if (this.#alive.length > 0) this.#drop(this.#alive[this.#random(this.#alive.length)])
  }

  #drop(block) {
    const at = this.#alive.indexOf(block)
    if (at < 0) return
    this.#alive.splice(at, 1)
    this.#released++
    block.free()
  }

  #call() {
    this.#released++
    const times = this.#random(4)
    this.#check(Number(this.#bound.c.sum_i32((i) => i + 1, times)) === (times * (times + 1)) / 2, 'sum_i32')
  }

  #callAside() {
    const { c } = this.#library
    const value = this.#random(1000)
    const buffer = Buffer.alloc(32)
    this.#follow(c.add.async([value, 1]), (sum) => sum === value + 1)
    this.#follow(c.join.async(['a', `${value}`]), (text) => text === `a${value}`)
    this.#follow(c.constant_text.async([0]), (text) => text === 'text of the library')
    this.#follow(c.fill.async([buffer, 32, 7, 0]), () => buffer[31] === 7)
  }

  #callBackAside() {
    this.#released++
    const times = this.#random(4)
    this.#follow(this.#bound.c.sum_i32.async([(i) => i + 1, times]), (sum) => Number(sum) === (times * (times + 1)) / 2)
  }

  #follow(promise, isRight) {
    const followed = promise.then((value) => this.#check(isRight(value), `asynchronous: ${value}`))
    const done = followed.finally(() => this.#pending.delete(done))
    this.#pending.add(done)
  }

  /** Takes everything off the board, and waits until no thread knows what was there. */
  async #forget() {
    await forget(this.#bound.board, this.#number)
    this.#released = 0
  }
}

async function forget(board, number) {
  for (let place = number * PLACES; place < (number + 1) * PLACES; place++) {
    board.board_ask(place, null)
    board.board_tell(place, null)
  }
  const moment = board.board_moment()
  while (!board.board_saw(moment)) await sleep(1)
}

/** Errors of callbacks on other threads arrive here; warnings that released ones were called are meant to come. */
export function expectPlanned() {
  process.on('uncaughtException', (error) => {
    if (error.message !== 'planned') throw error
  })
  process.removeAllListeners('warning')
  process.on('warning', ({ code }) => {
    if (code !== 'ERR_FFI_CALLBACK_RELEASED') throw new Error(`a warning ${code}`)
  })
}

async function work({ build, number, seed }) {
  expectPlanned()
  const bound = await bindAll({ build, number })
  const player = new Player(number, seed, bound)
  let asked = false
  parentPort.once('message', () => {
    asked = true
  })
  parentPort.postMessage('ready')
  await player.play(() => !asked)
  await player.end()
  const { callbacks, blocks, asyncCalls, pins } = bound.ffi.counters()
  if (callbacks + blocks + asyncCalls + pins !== 0) player.failures.push('something is held')
  parentPort.postMessage(player.failures)
}

/** Keeps a worker going that ends again and again: asked to, or terminated in the middle of whatever it does. */
async function supervise(number, { build, board, random, goesOn }) {
  const failures = []
  let lives = 0
  while (goesOn()) {
    lives++
    const workerData = { build, number, seed: random(2 ** 32) }
    const worker = new Worker(new URL(import.meta.url), { workerData })
    const exited = once(worker, 'exit')
    await once(worker, 'message')
    await sleep(random(400))
    if (random(2) === 0) {
      await worker.terminate()
      await sleep(random(10))
      // Until here threads call the callbacks of an environment that has ended.
      await forget(board, number)
    } else {
      worker.postMessage('end')
      const [found] = await once(worker, 'message')
      failures.push(...found)
    }
    await exited
  }
  return { failures, lives }
}

/** Plays for some seconds. @returns what happened; `failures` is empty when all was right. */
export async function stress({ seconds, seed, build }) {
  const random = randomOf(seed)
  const bound = await bindAll({ build, number: 0 })
  const { board, ffi } = bound
  if (board.board_start(THREADS) !== THREADS) throw new Error('no threads')
  const before = [Number(board.board_calls()), Number(board.board_zeros())]
  const calls = () => Number(board.board_calls()) - before[0]
  const zeros = () => Number(board.board_zeros()) - before[1]
  const until = Date.now() + seconds * 1000
  // A machine with much else to do may take longer until any call is answered.
  const goesOn = () => Date.now() < until || calls() === zeros()
  const player = new Player(0, random(2 ** 32), bound)
  const supervised = Array.from({ length: WORKERS }, (_, i) => supervise(i + 1, { build, board, random, goesOn }))
  await player.play(goesOn)
  const ends = await Promise.all(supervised)
  await player.end()
  const wrong = await board.board_stop.async([])
  const counts = { calls: calls(), zeros: zeros() }
  for (const key of ['board 0', 'callbacks 0']) ffi.close(key)
  const failures = [...player.failures, ...ends.flatMap((end) => end.failures)]
  if (Number(wrong) !== 0) failures.push(`${wrong} wrong answers`)
  const lives = ends.reduce((sum, end) => sum + end.lives, 0)
  return { failures, ...counts, lives, counters: ffi.counters() }
}

async function main() {
  const seconds = Number(process.argv[2] ?? 60)
  const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32)
  expectPlanned()
  const { failures, calls, zeros, lives, counters } = await stress({ seconds, seed, build: process.argv[4] })
  const { callbacks, blocks, asyncCalls, pins } = counters
  console.log(
    `seed ${seed}: ${calls} calls by ${THREADS} threads, ${zeros} answered zero; ${lives} lives of ${WORKERS} workers`,
  )
  if (callbacks + blocks + asyncCalls + pins !== 0) failures.push(`held: ${JSON.stringify(counters)}`)
  for (const failure of new Set(failures)) console.error(failure)
  if (failures.length > 0) process.exitCode = 1
}

if (!isMainThread && workerData?.number !== undefined) await work(workerData)
else if (isMainThread && process.argv[1] === new URL(import.meta.url).pathname) await main()
