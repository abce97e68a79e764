'use strict'

// The vectors of Sealwright. vectors/README.md says what they are; the version is that of the set.

const { createHash } = require('node:crypto')
const { readFileSync, readdirSync } = require('node:fs')
const path = require('node:path')

/** The directory of the vectors. */
const directory = path.join(__dirname, 'vectors')

/** The semantic version of the set. */
const version = readFileSync(path.join(directory, 'VERSION'), 'utf8').trim()

const notVectors = new Set(['egress', 'peer', 'peers', 'schemas', 'shims'])

/** The names of all vector files, such as `envelope/open.json`, sorted. */
function files () {
  const names = []
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory() || notVectors.has(entry.name)) continue
    for (const name of readdirSync(path.join(directory, entry.name))) {
      if (name.endsWith('.json')) names.push(`${entry.name}/${name}`)
    }
  }
  return names.sort()
}

/** A vector file. Its count is compared, so that a cut file does not pass. */
function load (name) {
  const vectors = JSON.parse(readFileSync(path.join(directory, name), 'utf8'))
  if (vectors.count !== vectors.tests.length) throw new Error(`${name}: the count is wrong`)
  return vectors
}

/** The bytes of an object of `len`, `sha256`, and `base64` or `file`, compared with length and hash. */
function bytes (binary) {
  if (binary.base64 === null && binary.file === null) throw new Error('only length and hash are given')
  const content = binary.base64 === null ? readFileSync(path.join(directory, binary.file)) : Buffer.from(binary.base64, 'base64')
  const hash = createHash('sha256').update(content).digest('hex')
  if (content.length !== binary.len || hash !== binary.sha256) throw new Error('the bytes are not those of the vector')
  return content
}

module.exports = { directory, version, files, load, bytes }
