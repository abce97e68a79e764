'use strict'
// RSA keys, what is wrapped for them, signatures, and session keys under symmetric keys: sscrypto's Node back end.

const { SymKey, PrivateKey, PublicKey } = require('sscrypto/node')
const { bytes, text, read } = require('./base64')

const KINDS = { private: PrivateKey, public: PublicKey }

module.exports = {
  'key-import': {
    answer: importKey,
    codes: [[/^INVALID_ARG : Key size is invalid/, 'key-size']],
    otherwise: 'key-malformed'
  },
  'oaep-unwrap': { answer: unwrap, codes: [], otherwise: 'rejected' },
  'signature-verify': { answer: verify, codes: [], otherwise: 'bad-signature' },
  'token-open': { answer: openToken, codes: [], otherwise: 'no-token' },
  'symmetric-unwrap': { answer: unwrapSymmetric, codes: [], otherwise: 'rejected' }
}

function importKey ({ kind, der }) {
  const key = new KINDS[kind](bytes(der))
  return {
    output: {
      bits: key.keySize,
      hash: key.getHash(),
      pkcs8: kind === 'private' ? text(key.privateKeyBuffer) : null,
      spki: text(key.publicKeyBuffer),
      warnings: []
    }
  }
}

function unwrap ({ key, wrapped }) {
  const message = new PrivateKey(bytes(key)).decrypt(bytes(wrapped))
  return { output: { message: text(message) }, released: message.length }
}

function verify ({ key, message, signature }) {
  if (!new PublicKey(bytes(key)).verify(bytes(message), bytes(signature))) throw new Error('not verified')
  return { output: { verified: true } }
}

// The choice of candidates is the shim's, by the question: with a hash its keys, without one all keys, and the others behind if so asked.
function openToken ({ keys, createdForKeyHash, token, tryAllKeys }) {
  const wrapped = read(token)
  const hash = createdForKeyHash ? read(createdForKeyHash) : null
  const all = keys.map(der => new PrivateKey(bytes(der)))
  const named = key => hash === null || bytes(key.getHash()).equals(hash)
  const candidates = [...all.filter(named), ...(tryAllKeys ? all.filter(key => !named(key)) : [])]
  for (const candidate of candidates) {
    const sessionKey = sessionKeyOf(() => candidate.decrypt(wrapped))
    if (sessionKey) {
      return { output: { sessionKey: text(sessionKey), openedBy: candidate.getHash() }, released: sessionKey.length }
    }
  }
  throw new Error('no key opens the token')
}

function sessionKeyOf (decrypt) {
  try {
    return new SymKey(decrypt()).key
  } catch {
    return null
  }
}

function unwrapSymmetric ({ key, data }) {
  const sessionKey = new SymKey(new SymKey(bytes(key)).decrypt(read(data))).key
  return { output: { sessionKey: text(sessionKey) }, released: sessionKey.length }
}
