// Turns valgrind's XML into reports: what was found, and the frames of each stack that belongs to it.

const ENTITIES = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&apos;': "'" }
const plain = (text) => text.replace(/&(?:lt|gt|amp|quot|apos);/g, (entity) => ENTITIES[entity])

const textOf = (text, tag) => plain(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(text)?.[1] ?? '')
const parts = (text, tag) =>
  Array.from(text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g')), ([, inner]) => inner)

function frameOf(text) {
  const [module, name, file, line] = ['obj', 'fn', 'file', 'line'].map((tag) => textOf(text, tag))
  const folder = textOf(text, 'dir')
  return { module, name, source: file && `${folder && `${folder}/`}${file}:${line}` }
}

function reportOf(text) {
  const kind = textOf(text, 'kind')
  const stacks = parts(text, 'stack').map((stack) => parts(stack, 'frame').map(frameOf))
  const what = textOf(text, 'what') || textOf(textOf(text, 'xwhat'), 'text')
  return { kind, what: [what, textOf(text, 'auxwhat')].filter(Boolean).join('; '), stacks }
}

/** @returns whether valgrind came to its end, and what it reported. */
export function readXml(text) {
  return { complete: text.includes('</valgrindoutput>'), reports: parts(text, 'error').map(reportOf) }
}
