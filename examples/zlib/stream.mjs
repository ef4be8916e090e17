// Turns a Buffer into a compressed or expanded one piece by piece, through a z_stream that zlib and JavaScript share.
import { createPointer, DataType, unwrapPointer } from 'holdfast'
import { Z_STREAM, Z_STREAM_LAYOUT } from './library.mjs'
import { throwUnlessOk, Z_BUF_ERROR, Z_OK, Z_STREAM_END, ZlibError } from './status.mjs'

/** Bytes handed to zlib, and taken from it, at a time. */
export const PIECE = 16 * 1024
const Z_NO_FLUSH = 0
const Z_FINISH = 4
const PROGRESS = new Set([Z_OK, Z_STREAM_END, Z_BUF_ERROR])
const { offsets, size: Z_STREAM_SIZE } = Z_STREAM_LAYOUT

// NULL for zalloc and zfree asks zlib to use malloc and free.
const EMPTY_STREAM = {
  next_in: null,
  avail_in: 0,
  total_in: 0,
  next_out: null,
  avail_out: 0,
  total_out: 0,
  msg: null,
  state: null,
  zalloc: null,
  zfree: null,
  opaque: null,
  data_type: 0,
  adler: 0,
  reserved: 0,
}

/** Compresses `input` in the zlib format; the result says how many pieces it came in. */
export function deflateInPieces(zlib, input, level) {
  return transform(input, {
    begin: (stream) => zlib.deflateInit_(stream, level, zlib.zlibVersion(), Z_STREAM_SIZE),
    step: (stream, isLast) => zlib.deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH),
    end: zlib.deflateEnd,
  })
}

/** Expands `input`. @throws {ZlibError} when it is damaged or ends early. */
export function inflateInPieces(zlib, input) {
  return transform(input, {
    begin: (stream) => zlib.inflateInit_(stream, zlib.zlibVersion(), Z_STREAM_SIZE),
    step: (stream) => zlib.inflate(stream, Z_NO_FLUSH),
    end: zlib.inflateEnd,
  })
}

/** Lifetime: the stream and the two address slots are freed here; the slots hold the buffers' own memory, not copies. */
function transform(input, { begin, step, end }) {
  const output = Buffer.alloc(PIECE)
  const owners = createPointer({
    paramsType: [DataType.U8Array, DataType.U8Array, Z_STREAM],
    paramsValue: [input, output, EMPTY_STREAM],
  })
  const stream = owners[2]
  const [source, target] = unwrapPointer(owners.slice(0, 2))
  try {
    throwUnlessOk(begin(stream))
    try {
      return pump({ stream, source, target, output, inputLength: input.length, step })
    } finally {
      end(stream)
    }
  } finally {
    for (const owner of owners) owner.free()
  }
}

function pump({ stream, source, target, output, inputLength, step }) {
  const pieces = []
  let status = Z_OK
  for (let start = 0; start < inputLength && status !== Z_STREAM_END; start += PIECE) {
    const length = Math.min(PIECE, inputLength - start)
    stream.write(DataType.External, source.at(start), offsets.next_in)
    stream.write(DataType.U32, length, offsets.avail_in)
    let room = 0
    // A full output piece means that zlib may hold more of it; if it does not, the next step says Z_BUF_ERROR.
    while (room === 0 && status !== Z_STREAM_END) {
      stream.write(DataType.External, target, offsets.next_out)
      stream.write(DataType.U32, PIECE, offsets.avail_out)
      status = step(stream, start + length === inputLength)
      if (!PROGRESS.has(status)) throw new ZlibError(status, stream.read(DataType.String, offsets.msg))
      room = stream.read(DataType.U32, offsets.avail_out)
      pieces.push(Buffer.from(output.subarray(0, PIECE - room)))
    }
  }
  if (status !== Z_STREAM_END) throw new ZlibError(Z_BUF_ERROR, 'the input ends early')
  return { bytes: Buffer.concat(pieces), pieces: pieces.length }
}
