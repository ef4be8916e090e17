// Turns zlib's status codes into errors.

export const Z_OK = 0
export const Z_STREAM_END = 1
export const Z_DATA_ERROR = -3
export const Z_BUF_ERROR = -5

const NAMES = {
  2: 'Z_NEED_DICT',
  '-1': 'Z_ERRNO',
  '-2': 'Z_STREAM_ERROR',
  [Z_DATA_ERROR]: 'Z_DATA_ERROR',
  '-4': 'Z_MEM_ERROR',
  [Z_BUF_ERROR]: 'Z_BUF_ERROR',
  '-6': 'Z_VERSION_ERROR',
}

/** A status other than Z_OK and Z_STREAM_END, with zlib's own words where it has some. */
export class ZlibError extends Error {
  constructor(status, detail) {
    super(detail === null ? NAMES[status] : `${NAMES[status]}: ${detail}`)
    this.name = 'ZlibError'
    this.status = status
  }
}

/** @throws {ZlibError} unless `status` is Z_OK. */
export function throwUnlessOk(status, detail = null) {
  if (status !== Z_OK) throw new ZlibError(status, detail)
}
