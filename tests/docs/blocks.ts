// Turns a Markdown page into its programs, each with the output that the page promises right after it.

/** A fenced block of JavaScript or TypeScript. */
export interface Program {
  /** Line of the page that its code begins on. */
  line: number
  language: 'js' | 'ts'
  code: string
  /** The text block that follows with nothing but blank lines between; none if there is no such block. */
  output: string | undefined
}

interface Block {
  language: string
  code: string
  /** Offsets into the page, fences included. */
  start: number
  end: number
}

function blocksOf(page: string): Block[] {
  return Array.from(page.matchAll(/^```(\w*)\n(.*?)^```$/gms), (found) => {
    const [fenced, language = '', code = ''] = found
    return { language, code, start: found.index, end: found.index + fenced.length }
  })
}

/** The programs of a page, in order. */
export function programsOf(page: string): Program[] {
  const blocks = blocksOf(page)
  return blocks.flatMap(({ language, code, start, end }, i) => {
    if (language !== 'js' && language !== 'ts') return []
    const next = blocks[i + 1]
    const follows = next?.language === 'text' && page.slice(end, next.start).trim() === ''
    const line = page.slice(0, start).split('\n').length + 1
    return [{ line, language, code, output: follows ? next.code : undefined }]
  })
}
