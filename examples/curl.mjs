// Turns transfers that libcurl makes on a thread of their own into calls of JavaScript, against a server of this process.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { arrayConstructor, counters, createPointer, DataType, FFITypeTag, unwrapPointer } from 'holdfast'
import { Code, Info, Option, openCurl, progressFunction, writeFunction } from './curl/library.mjs'
import { runExample } from './shared/checks.mjs'

const PAGE = Array.from({ length: 4000 }, (_, i) => `line ${i} of a page that comes in pieces\n`).join('')

function startServer() {
  const server = createServer((request, response) => {
    if (request.url === '/page') return void response.end(PAGE)
    if (request.url === '/echo') return void request.pipe(response)
    response.writeHead(404).end('nothing here')
  })
  server.listen(0, '127.0.0.1')
  return once(server, 'listening').then(() => server)
}

/** A callback that C keeps until `free`. */
function kept(type, fn) {
  const [owner] = createPointer({ paramsType: [type], paramsValue: [fn] })
  return { code: unwrapPointer([owner])[0], free: () => owner.free() }
}

/** Bytes at a pointer of which C says how many there are. */
const bytesAt = (pointer, length) =>
  pointer.read(arrayConstructor({ type: DataType.U8Array, length, ffiTypeTag: FFITypeTag.StackArray }))

/** One transfer. libcurl runs on a thread of the pool, and calls back from there, while this thread serves the pages. */
async function transfer(curl, url, { post, onProgress = () => 0 } = {}) {
  const easy = curl.curl_easy_init()
  const pieces = []
  const write = kept(writeFunction, (data, size, count) => {
    pieces.push(bytesAt(data, size * count))
    return size * count
  })
  const progress = kept(progressFunction, (_, total, now) => onProgress(total, now))
  try {
    curl.set.text(easy, Option.Url, url)
    curl.set.long(easy, Option.NoSignal, 1)
    curl.set.long(easy, Option.NoProgress, 0)
    curl.set.pointer(easy, Option.WriteFunction, write.code)
    curl.set.pointer(easy, Option.Progress, progress.code)
    if (post !== undefined) curl.set.text(easy, Option.CopyPostFields, post)
    const code = await curl.curl_easy_perform.async([easy])
    const { out } = curl.curl_easy_getinfo(easy, Info.ResponseCode)
    return { code, status: out[0], pieces: pieces.length, body: Buffer.concat(pieces).toString() }
  } finally {
    easy.free()
    write.free()
    progress.free()
  }
}

async function main(checks) {
  const curl = openCurl()
  const server = await startServer()
  const at = `http://127.0.0.1:${server.address().port}`
  try {
    console.log(`${curl.curl_version().split(' ')[0]} through Holdfast, against ${at.replace(/:\d+$/, '')}`)
    await showPage(curl, at, checks)
    await showManyAtOnce(curl, at, checks)
    await showAbort(curl, at, checks)
    await showThrow(curl, at, checks)
  } finally {
    server.close()
  }
  checks.equal('callbacks left', counters().callbacks, 0)
}

async function showPage(curl, at, checks) {
  const page = await transfer(curl, `${at}/page`)
  checks.equal('the page', [page.code, page.status, page.body === PAGE], [Code.Ok, 200, true])
  checks.holds('it comes in pieces', page.pieces > 1)
  console.log(
    `a page          ${page.body.length} bytes in ${page.pieces > 1 ? 'several pieces' : 'one piece'}, status ${page.status}`,
  )
  const missing = await transfer(curl, `${at}/missing`)
  checks.equal('a missing page', [missing.status, missing.body], [404, 'nothing here'])
}

/** More transfers than threads, each with callbacks of its own. */
async function showManyAtOnce(curl, at, checks) {
  const posts = Array.from({ length: 12 }, (_, i) => `post ${i}: ${'ü'.repeat(1000 * i)}`)
  const answers = await Promise.all(posts.map((post) => transfer(curl, `${at}/echo`, { post })))
  checks.equal(
    'what came back',
    answers.map(({ body }) => body),
    posts,
  )
  console.log(`at the same time  ${answers.length} transfers, each its own answer`)
}

async function showAbort(curl, at, checks) {
  const { code } = await transfer(curl, `${at}/page`, { onProgress: (_, now) => (now > 0 ? 1 : 0) })
  checks.equal('an aborted transfer', code, Code.AbortedByCallback)
  console.log(`aborted           ${curl.curl_easy_strerror(code)}`)
}

/** A callback on another thread has no call of this thread around it: what it throws is uncaught, and C gets zero. */
async function showThrow(curl, at, checks) {
  let calls = 0
  const uncaught = once(process, 'uncaughtException')
  const { code } = await transfer(curl, `${at}/page`, {
    onProgress: () => {
      if (calls++ === 0) throw new RangeError('too much')
      return 0
    },
  })
  const [thrown] = await uncaught
  checks.equal('what was thrown', [`${thrown}`, code], ['RangeError: too much', Code.Ok])
  console.log(`thrown            ${thrown}, and the transfer goes on`)
}

await runExample(main)
