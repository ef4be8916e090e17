// Turns the code blocks of ffi-rs's README into programs that import holdfast instead, and runs each in its own process.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixturePath } from '../fixture.js'

interface Block {
  section: string
  language: string
  code: string
}
interface Edit {
  find: string
  replace: string
  reason: string
}
/** What a block needs in order to be a program; all that is not listed here runs as the README has it. */
interface Example {
  section: string
  language?: string
  edits?: Edit[]
  /** Statements put before the block: names that it uses and the README does not define. */
  before?: string
  /** Statements put after it: checks of results that the block only computes. */
  after?: string
  prints?: string
}

const cppReturnStringPointer = `extern "C" const char * returnStringPointer() {
    char * str = new char[6];
    strcpy(str, "hello");
    return str;
}
`
const notJavaScript = 'a C++ declaration stands in the JavaScript block'

const examples: Example[] = [
  {
    section: 'Initialization',
    before: 'const { platform } = process',
    edits: [
      { find: "require('ffi-rs')", replace: "require('holdfast')", reason: 'the one change a user makes' },
      {
        find: "close('libsum')\n",
        replace: `close('libsum')
          open({ library: 'libsum', path: dynamicLib })
          open({ library: 'libnative', path: '' })\n`,
        reason: 'the block goes on to call libsum, which it has closed, and libnative, which it never opens',
      },
    ],
  },
  { section: 'Load Main Program Handle' },
  { section: 'Basic Types', prints: 'hello world' },
  {
    section: 'Buffer',
    after: 'deepStrictEqual([res, ...arr.subarray(0, 6)], [5, 1, 2, 3, 4, 5, 0])',
    prints: '<Buffer 01 02 03 04 05 00',
  },
  { section: 'Array', before: "const c = 'foo' // as in the block of the basic types" },
  {
    section: 'Create Pointer',
    edits: [{ find: 'extern "C"\nvoid receiveNumPointer(const int * num)\n', replace: '', reason: notJavaScript }],
    prints: 'receiveNumPointer: 100',
  },
  {
    section: 'unwrapPointer',
    edits: [{ find: 'extern "C"\nvoid receiveStringPointer(const char * str)\n', replace: '', reason: notJavaScript }],
    prints: 'receiveStringPointer: hello',
  },
  { section: 'restorePointer' },
  { section: 'wrapPointer', edits: [{ find: cppReturnStringPointer, replace: '', reason: notJavaScript }] },
  {
    section: 'freePointer',
    edits: [
      { find: cppReturnStringPointer, replace: '', reason: notJavaScript },
      { find: 'paramsValue: i32Ptr\n', replace: 'paramsValue: i32Ptr,\n', reason: 'the comma is missing' },
    ],
    after: 'deepStrictEqual(i32Data, [100])',
  },
  {
    section: 'Use array in struct',
    language: 'c',
    edits: [
      {
        find: `typedef struct Person {
  //...
  uint8_t staticBytes[16];
  //...
} Person;
`,
        replace: `const personType = (parentType) => ({
          name: DataType.String, age: DataType.I32, active: DataType.Boolean,
          height: DataType.Double, weight: DataType.Float, id: DataType.I64,`,
        reason: 'the one field shown becomes the type of the struct that it is a field of',
      },
      {
        find: 'ffiTypeTag: FFITypeTag.StackArray\n}),\n',
        replace: `ffiTypeTag: FFITypeTag.StackArray\n}),
          scores: arrayConstructor({ type: DataType.I32Array, length: 3 }),
          nicknames: arrayConstructor({ type: DataType.StringArray, length: 2 }),
          parent: parentType,
        })`,
        reason: 'the fields after it',
      },
    ],
    before: `const parent = {
      name: 'Alice', age: 52, active: true, height: 1.75, weight: 72.5, id: 9007199254740991,
      staticBytes: Buffer.from(Array.from({ length: 16 }, (_, i) => i * 16)),
      scores: [101, 202, 303], nicknames: ['Bo', 'Bé'],
    }
    const person = { ...parent, name: 'Bob', age: 22 }`,
    // The README only points at the calls; these are its createPerson and getStruct, a struct out and a struct in and out.
    after: `const retType = personType(personType(DataType.External))
    const created = load({ library: 'libsum', funcName: 'createPerson', retType, paramsType: [], paramsValue: [] })
    equal(isNullPointer(created.parent.parent), true)
    const copy = load({
      library: 'libsum', funcName: 'getStruct', retType, paramsType: [retType], paramsValue: [created],
    })
    delete created.parent.parent
    delete copy.parent.parent
    deepStrictEqual(created, { ...person, parent })
    deepStrictEqual(copy, created)`,
  },
  {
    section: 'runInNewThread',
    // The block defines a function that it does not call. The process waits for the call, and ends badly if its check fails.
    after: 'await testRunInNewThread()',
  },
  {
    section: 'Function',
    // The types and the value of the section before it; the callback frees itself and closes its library.
    before: `const logGreen = (text) => console.log(text)
    const personType = {
      name: DataType.String, age: DataType.I32, active: DataType.Boolean, height: DataType.Double,
      weight: DataType.Float, id: DataType.I64,
      staticBytes: arrayConstructor({ type: DataType.U8Array, length: 16, ffiTypeTag: FFITypeTag.StackArray }),
    }
    const person = {
      name: 'Bob', age: 22, active: true, height: 1.75, weight: 72.5, id: 9007199254740991,
      staticBytes: Buffer.from(Array.from({ length: 16 }, (_, i) => i * 16)),
    }`,
    after: 'testFunction()',
    prints: 'test function succeed',
  },
  { section: 'Class type', prints: 'name classString, age 26' },
  {
    section: 'errno',
    // On Linux level 6 is TCP and option 4 the idle time before a keep-alive, which cannot be 0 seconds.
    before: `const socket = require('net').createServer().listen(0, '127.0.0.1')
    await require('events').once(socket, 'listening')
    const [level, option] = [6, 4]
    const pointer = createPointer({ paramsType: [DataType.I32], paramsValue: [0] })
    open({ library: 'libnative', path: '' })`,
    edits: [{ find: 'load({', replace: 'const result = load({', reason: 'a name for the result that it describes' }],
    after: `deepStrictEqual(result, { errnoCode: 22, errnoMessage: 'Invalid argument (os error 22)', value: -1 })
    socket.close()`,
  },
]

/** What the first block imports and opens, for the blocks that go on from there. */
const prelude = `
const { deepStrictEqual, equal } = require('assert')
const {
  DataType, FFITypeTag, PointerType, arrayConstructor, close, createPointer, define, freePointer, funcConstructor,
  isNullPointer, load,
  open, restorePointer, unwrapPointer, wrapPointer,
} = require('holdfast')
`
const openFixture = "open({ library: 'libsum', path: process.platform === 'win32' ? './sum.dll' : './libsum.so' })\n"

/** The fenced code of a Markdown text, each with its language and the heading it stands under. */
function codeBlocks(markdown: string): Block[] {
  const headingOrFence = /^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm
  const blocks: Block[] = []
  let section = ''
  for (const [, heading, language = '', code = ''] of markdown.matchAll(headingOrFence)) {
    if (heading) section = heading
    else blocks.push({ section, language, code })
  }
  return blocks
}

function prepare(code: string, edits: Edit[]): string {
  return edits.reduce((text, { find, replace }) => {
    expect(text.split(find), `occurrences of ${find}`).toHaveLength(2)
    return text.replace(find, () => replace)
  }, code)
}

/** The block in a scope of its own, so that it may define names that the statements around it also use. */
async function program(block: Block, { section, edits = [], before = '', after = '' }: Example): Promise<string> {
  const opening = section === 'Initialization' ? '' : openFixture
  const typed = `${prelude}async function main() {
    ${opening}${before}
    {
      ${prepare(block.code, edits)}
      ${after}
    }
  }
  main()`
  return (await transform(typed, { loader: 'ts' })).code
}

const readmePath = join(dirname(createRequire(import.meta.url).resolve('ffi-rs/package.json')), 'README.md')
const blocks = codeBlocks(readFileSync(readmePath, 'utf8'))

/** A user's project: the library beside it and holdfast among its packages. */
let project: string
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'holdfast-readme-'))
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(join(import.meta.dirname, '..', '..'), join(project, 'node_modules', 'holdfast'), 'junction')
  copyFileSync(fixturePath('sum'), join(project, process.platform === 'win32' ? 'sum.dll' : 'libsum.so'))
})
afterAll(() => rmSync(project, { recursive: true }))

describe("ffi-rs's README", () => {
  it('has the JavaScript blocks that run here, and no other', () => {
    const inScript = blocks.filter(({ language }) => language === 'js').map(({ section }) => section)
    const known = examples.filter(({ language = 'js' }) => language === 'js').map(({ section }) => section)
    expect(inScript.toSorted()).toEqual(known.toSorted())
    expect(inScript).toHaveLength(14)
  })

  it.each(examples)('runs its example under $section on holdfast, prepared as listed', async (example) => {
    const [block, ...more] = blocks.filter(
      ({ section, language }) => section === example.section && language === (example.language ?? 'js'),
    )
    if (!block || more.length > 0) throw new Error(`not exactly one block under ${example.section}`)
    const script = join(project, `${example.section.replaceAll(' ', '-')}.cjs`)
    writeFileSync(script, await program(block, example))
    const { stdout } = await promisify(execFile)(process.execPath, [script], { cwd: project, timeout: 20_000 })
    expect(stdout).toContain(example.prints ?? '')
  })
})
