// Turns a real file into its compressed form and back through libz, checked against Node's own zlib.
import { closeSync, openSync, readSync } from 'node:fs'
import * as nodeZlib from 'node:zlib'
import { runExample } from './shared/checks.mjs'
import { closeZlib, openZlib, Z_STREAM_LAYOUT } from './zlib/library.mjs'
import { compress, uncompress } from './zlib/one-call.mjs'
import { Z_BUF_ERROR, Z_DATA_ERROR } from './zlib/status.mjs'
import { deflateInPieces, inflateInPieces, PIECE } from './zlib/stream.mjs'

const MEBIBYTE = 1024 * 1024
const LEVEL = 6

/** The first MiB of `path`, or all of a smaller file. */
function readStart(path) {
  const bytes = Buffer.alloc(MEBIBYTE)
  const file = openSync(path, 'r')
  try {
    return bytes.subarray(0, readSync(file, bytes))
  } finally {
    closeSync(file)
  }
}

/** The checksum that Node's gzip writes: `zlib.crc32` is missing from the first releases of Node 20. */
function nodeCrc32(data) {
  const gzip = nodeZlib.gzipSync(data, { level: 0 })
  return gzip.readUInt32LE(gzip.length - 8)
}

const kib = (bytes) => `${(bytes.length / 1024).toFixed(1)} KiB`

function checkSums(zlib, data, checks) {
  const sum = zlib.crc32(0, data, data.length)
  const half = data.length >>> 1
  const first = zlib.crc32(0, data, half)
  checks.equal('crc32', sum, nodeCrc32(data))
  checks.equal('crc32 in two parts', zlib.crc32(first, data.subarray(half), data.length - half), sum)
  console.log(`crc32                ${sum.toString(16).padStart(8, '0')}`)
}

function checkOneCall(zlib, data, checks) {
  const packed = compress(zlib, data, LEVEL)
  checks.holds('compress2 makes it smaller', packed.length < data.length)
  checks.holds('Node expands what compress2 made', nodeZlib.inflateSync(packed).equals(data))
  checks.holds('uncompress expands it', uncompress(zlib, packed, data.length).equals(data))
  checks.holds(
    'uncompress expands what Node made',
    uncompress(zlib, nodeZlib.deflateSync(data), data.length).equals(data),
  )
  const tooSmall = checks.throws('uncompress into half the room', () => uncompress(zlib, packed, data.length >>> 1))
  checks.equal('status of too little room', tooSmall.status, Z_BUF_ERROR)
  console.log(`compress2            ${kib(data)} -> ${kib(packed)}`)
}

function checkStream(zlib, data, checks) {
  const deflated = deflateInPieces(zlib, data, LEVEL)
  const inflated = inflateInPieces(zlib, deflated.bytes)
  checks.holds('no piece is larger than its buffer', inflated.pieces >= Math.ceil(data.length / PIECE))
  checks.holds('Node expands what deflate made', nodeZlib.inflateSync(deflated.bytes).equals(data))
  checks.holds('inflate expands it', inflated.bytes.equals(data))
  checks.holds('inflate expands what Node made', inflateInPieces(zlib, nodeZlib.deflateSync(data)).bytes.equals(data))
  checks.holds('the stream and the one call agree', deflated.bytes.equals(compress(zlib, data, LEVEL)))
  console.log(`deflate in pieces    ${kib(data)} -> ${kib(deflated.bytes)} (${deflated.pieces} pieces out)`)
  console.log(`inflate in pieces    ${kib(deflated.bytes)} -> ${kib(inflated.bytes)} (${inflated.pieces} pieces out)`)
}

function checkDamage(zlib, data, checks) {
  const header = checks.throws('inflate of a file that is not compressed', () =>
    inflateInPieces(zlib, Buffer.from('not compressed')),
  )
  checks.equal('status of a wrong header', header.status, Z_DATA_ERROR)
  checks.equal("zlib's words for it", header.message, 'Z_DATA_ERROR: incorrect header check')
  const packed = compress(zlib, data, LEVEL)
  packed[packed.length - 1] ^= 0xff
  const sum = checks.throws('inflate of a damaged checksum', () => inflateInPieces(zlib, packed))
  checks.equal("zlib's words for that", sum.message, 'Z_DATA_ERROR: incorrect data check')
  const half = packed.subarray(0, packed.length >>> 1)
  const early = checks.throws('inflate of half a stream', () => inflateInPieces(zlib, half))
  checks.equal('status of an early end', early.status, Z_BUF_ERROR)
  console.log(`not compressed       ${header.message}\ndamaged              ${sum.message}`)
}

function main(checks) {
  const path = process.argv[2] ?? process.execPath
  const zlib = openZlib()
  try {
    const data = readStart(path)
    console.log(`zlib ${zlib.zlibVersion()} through Holdfast, on the first ${kib(data)} of ${path}\n`)
    if (process.platform !== 'win32') checks.equal('size of z_stream', Z_STREAM_LAYOUT.size, 112)
    checkSums(zlib, data, checks)
    checkOneCall(zlib, data, checks)
    checkStream(zlib, data, checks)
    checkDamage(zlib, data, checks)
  } finally {
    closeZlib()
  }
}

runExample(main)
