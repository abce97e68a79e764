'use strict'
// A shim of docs/spec/CONFORMANCE.md: one question a line on standard input, one answer a line on standard output.
//
// The packages sscrypto and bson answer. What they accept is valid here, what they refuse is invalid: no check is added.

const { dependencies } = require('./package.json')
const envelope = require('./envelope')
const keys = require('./keys')
const documents = require('./documents')

// Name of an operation -> { answer, codes, otherwise }.
//
//   answer     question -> { output, released? } or { refused: Error, released }; what it throws is a refusal too
//   codes      [pattern, code]: what a refusal of the peer is called in the specification, the first pattern that matches
//   otherwise  the code of every other refusal
const operations = { ...envelope, ...keys, ...documents }

async function answer ({ id, op, in: question }) {
  if (!Object.hasOwn(operations, op)) return { id, result: 'unsupported', reason: `no operation ${op}` }
  const { output, refused, released } = await attempt(operations[op].answer, question)
  const verdict = refused ? { result: 'invalid', error: code(operations[op], refused) } : { result: 'valid', output }
  return { id, ...verdict, ...(released === undefined ? {} : { released: { len: released } }) }
}

async function attempt (operation, question) {
  try {
    return await operation(question)
  } catch (refused) {
    return { refused, released: refused?.released }
  }
}

function code ({ codes, otherwise }, refused) {
  const text = String(refused?.message ?? refused)
  const known = codes.find(([pattern]) => pattern.test(text))
  return known ? known[1] : otherwise
}

// Not node:readline, which also ends lines at U+2028 and U+2029: both may stand in JSON.
async function * lines (input) {
  let pieces = []
  for await (let chunk of input) {
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a)) {
      pieces.push(chunk.subarray(0, end))
      yield Buffer.concat(pieces).toString('utf8')
      pieces = []
      chunk = chunk.subarray(end + 1)
    }
    pieces.push(chunk)
  }
}

function say (object) {
  process.stdout.write(JSON.stringify(object) + '\n')
}

async function main () {
  say({
    protocol: 'sealwright-shim-1',
    name: 'sscrypto for Node, with bson',
    version: `${dependencies.sscrypto}, ${dependencies.bson}`,
    operations: Object.keys(operations)
  })
  for await (const line of lines(process.stdin)) say(await answer(JSON.parse(line)))
}

main()
