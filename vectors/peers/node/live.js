'use strict'
// A live peer for tests: one JSON request a line on standard input, one JSON answer a line on standard output, in order.
//
//   request   {"op": "...", <base64 members>}
//   answer    {"ok": true, "out": "<base64>"}  or  {"ok": false, "error": "<text>"}
//
// Everything cryptographic is sscrypto's Node back end, everything BSON is the bson package: nothing is computed here.

const readline = require('node:readline')
const { SymKey, PrivateKey, PublicKey } = require('sscrypto/node')
const { BSON, EJSON } = require('bson')

const NOTHING = Buffer.alloc(0)

const operations = {
  // Keys of 32, 48 or 64 bytes; the IV is the peer's own.
  'sym-seal': ({ key, clear }) => new SymKey(key).encrypt(clear),
  'sym-open': ({ key, sealed }) => new SymKey(key).decrypt(sealed),
  'sym-seal-stream': ({ key, clear }) => through(new SymKey(key).encryptStream(), clear),
  'sym-open-stream': ({ key, sealed }) => through(new SymKey(key).decryptStream(), sealed),

  // OAEP with the CRC prefix, which is the default of both calls.
  'rsa-encrypt': ({ spki, clear }) => new PublicKey(spki).encrypt(clear),
  'rsa-decrypt': ({ pkcs8, token }) => new PrivateKey(pkcs8).decrypt(token),
  'key-hash': ({ spki }) => Buffer.from(new PublicKey(spki).getHash(), 'base64'),
  'private-to-public': ({ pkcs8 }) => new PrivateKey(pkcs8).publicKeyBuffer,

  sign: ({ pkcs8, message }) => new PrivateKey(pkcs8).sign(message),
  verify: ({ spki, message, signature }) => {
    if (!new PublicKey(spki).verify(message, signature)) throw new Error('bad-signature')
    return NOTHING
  },

  // The clear side is canonical Extended JSON as UTF-8.
  'bson-write': ({ ejson }) => Buffer.from(BSON.serialize(EJSON.parse(ejson.toString('utf8'), { relaxed: false }))),
  'bson-read': ({ document }) =>
    Buffer.from(EJSON.stringify(BSON.deserialize(document, { promoteValues: false }), { relaxed: false }), 'utf8')
}

async function answer (line) {
  try {
    const { op, ...members } = JSON.parse(line)
    if (!Object.hasOwn(operations, op)) throw new Error(`unknown op ${JSON.stringify(op)}`)
    for (const name of Object.keys(members)) {
      if (typeof members[name] !== 'string') throw new Error(`${name} is not base64 text`)
      members[name] = Buffer.from(members[name], 'base64')
    }
    const expected = new Proxy(members, {
      get (target, name) {
        if (!Object.hasOwn(target, name)) throw new Error(`${op} needs ${String(name)}`)
        return target[name]
      }
    })
    const out = await operations[op](expected)
    return { ok: true, out: out.toString('base64') }
  } catch (error) {
    return { ok: false, error: String(error.message) }
  }
}

function through (transform, bytes) {
  return new Promise((resolve, reject) => {
    const pieces = []
    transform.on('data', piece => pieces.push(piece))
    transform.on('end', () => resolve(Buffer.concat(pieces)))
    transform.on('error', reject)
    transform.end(bytes)
  })
}

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line !== '') process.stdout.write(JSON.stringify(await answer(line)) + '\n')
  }
}

main()
