// Turns planted violations into proof that the layer check sees them, and lawful code into proof that it stays silent.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const FORBID = '#![forbid(unsafe_code)]\n'
const CORE = 'native/core/src'
const NODE = 'native/node/src'

/** Each: a title, the files, and what the check must say of them, in order, each a part of its line. */
const CASES = [
  {
    title: 'lawful code',
    files: {
      [`${CORE}/lib.rs`]: 'pub mod plan;\npub mod call;\n',
      [`${CORE}/plan/mod.rs`]: `${FORBID}mod layout;\nuse crate::{error::{Code, Kind}, signature::*};\nuse self::layout::A;\n`,
      [`${CORE}/plan/layout.rs`]: `use super::Plan;\nuse super::super::error::Code;\npub(super) fn f() {}\npub(crate) fn g() {}\n`,
      [`${CORE}/sys/ffi.rs`]: 'unsafe fn f() {}\nunsafe impl Send for X {}\n',
      [`${CORE}/memory/mod.rs`]: 'pub mod access;\nuse crate::registry::Handle;\n',
      [`${CORE}/memory/access/copy.rs`]: 'fn f() { unsafe { g() } }\n',
      [`${CORE}/call/mod.rs`]: `${FORBID}use crate::{error, plan::Plan, memory, closure};\n`,
      [`${NODE}/lib.rs`]: '//! unsafe in words\nmod napi;\n',
      [`${NODE}/napi/raw.rs`]: 'unsafe extern "C" {}\n',
    },
    expected: [],
  },
  {
    title: 'words in comments, strings and characters',
    files: {
      [`${CORE}/error.rs`]: `${FORBID}// unsafe crate::call
/* crate::call /* nested */ unsafe */
const A: &str = "crate::call \\" unsafe { static mut";
const B: &str = r#"unsafe " crate::call"#;
const C: (char, char, u8) = ('"', '\\'', b'"');
fn f<'a>(x: &'a str) -> &'a str { x } // 'unsafe
`,
    },
    expected: [],
  },
  {
    title: 'a use of a higher module',
    files: { [`${CORE}/plan/mod.rs`]: `${FORBID}\nuse crate::call::Call;\n` },
    expected: ['plan/mod.rs:3: plan uses call, which is above'],
  },
  {
    title: 'a higher module in a group, over lines',
    files: { [`${CORE}/frame/slot.rs`]: 'use crate::{\n    error::{Code, invoke},\n    invoke::Engine,\n};\n' },
    expected: ['frame/slot.rs:3: frame uses invoke'],
  },
  {
    title: 'a path in the middle of code',
    files: { [`${CORE}/registry/mod.rs`]: `${FORBID}fn f() -> Option<crate::library::Library> { None }\n` },
    expected: ['registry/mod.rs:2: registry uses library'],
  },
  {
    title: 'super out of a folder, and out of an inline module',
    files: {
      [`${CORE}/error.rs`]: `${FORBID}use super::sys;\nmod inner {\n    use super::super::frame::Slot;\n    use super::Code;\n}\n`,
      [`${CORE}/plan/layout.rs`]: `${FORBID}use super::super::{error, call::Call};\n`,
    },
    expected: ['error.rs:2: error uses sys', 'error.rs:4: error uses frame', 'plan/layout.rs:2: plan uses call'],
  },
  {
    title: 'what is no layer',
    files: {
      [`${CORE}/helpers.rs`]: FORBID,
      [`${CORE}/call.rs`]: `${FORBID}use crate::helpers::f;\nuse crate::*;\n`,
    },
    expected: [
      'call.rs:2: call uses crate::helpers',
      'call.rs:3: call uses crate::(the root',
      'helpers.rs:1: module helpers',
    ],
  },
  {
    title: 'unsafe where it may not be',
    files: {
      [`${CORE}/lib.rs`]: 'pub mod plan;\nunsafe impl Send for X {}\n',
      [`${CORE}/plan.rs`]: `${FORBID}fn f() {\n    unsafe { g() }\n}\n`,
      [`${CORE}/memory/mod.rs`]: 'unsafe fn f() {}\n',
      [`${CORE}/memory/accessory.rs`]: `${FORBID}#[unsafe(no_mangle)] fn f() {}\n`,
      [`${NODE}/environment.rs`]: `${FORBID}type F = unsafe fn();\n`,
    },
    expected: [
      'core/src/lib.rs:2: unsafe',
      'memory/accessory.rs:2: unsafe',
      'memory/mod.rs:1: unsafe',
      'plan.rs:3: unsafe',
      'environment.rs:2: unsafe',
    ],
  },
  {
    title: 'a file that does not forbid unsafe',
    files: {
      [`${CORE}/memory/tests.rs`]: '\n',
      [`${CORE}/plan/layout.rs`]: '// #![forbid(unsafe_code)]\nfn f() {}\n',
      [`${CORE}/planner/mod.rs`]: '#![forbid(unsafe_code)]\n',
      [`${CORE}/signature/scalar.rs`]: '#![deny(unsafe_code)]\n',
      [`${NODE}/convert.rs`]: '\n',
    },
    expected: [
      'memory/tests.rs:1: neither',
      'plan/layout.rs:1: neither',
      'planner/mod.rs:1: module planner',
      'signature/scalar.rs:1: neither',
      'convert.rs:1: neither',
    ],
  },
  {
    title: 'static mut, even where unsafe is allowed',
    files: { [`${CORE}/sys/table.rs`]: 'static A: u8 = 0;\nstatic mut B: u8 = 0;\n' },
    expected: ['sys/table.rs:2: static mut'],
  },
]

function plant(files) {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-layers-'))
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), content)
  }
  return root
}

function holds({ files, expected }, checkLayers) {
  const root = plant(files)
  try {
    const { problems, files: read } = checkLayers(root)
    const asExpected =
      problems.length === expected.length && expected.every((part, index) => problems[index].includes(part))
    if (!asExpected) console.error(`expected ${JSON.stringify(expected)}\ngot      ${JSON.stringify(problems)}`)
    return asExpected && read === Object.keys(files).length
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** @returns whether the check said of every case exactly what it must. */
export function selfTest(checkLayers) {
  const wrong = CASES.filter((planted) => !holds(planted, checkLayers))
  for (const { title } of wrong) console.error(`layers: wrong about ${title}`)
  console.log(`layers: self-test, ${CASES.length - wrong.length} of ${CASES.length} cases right`)
  return wrong.length === 0
}
