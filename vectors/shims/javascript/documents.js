'use strict'
// Identity documents and serialised sessions: BSON and ids by bson, keys by sscrypto.

const { BSON, Binary, UUID } = require('bson')
const { SymKey, PrivateKey } = require('sscrypto/node')
const base64 = require('./base64')

const FLOWS = new Map(['created', 'direct', 'group', 'proxy', 'local', 'sym-enc-key', 'tmr'].entries())
const LOCAL = 4
const THROUGH = { groupId: 'group', proxySessionId: 'proxy', symEncKeyId: 'sym-enc-key' }

module.exports = {
  'identity-read': { answer: readIdentity, codes: [], otherwise: 'malformed' },
  'serialized-session': { answer: readSession, codes: [], otherwise: 'malformed' }
}

function readIdentity ({ document }) {
  const fields = BSON.deserialize(base64.bytes(document.base64))
  const user = readId(fields.userId)
  const device = readId(fields.keyId)
  const warnings = []
  const encryption = new KeysOfOneUse('encryption', warnings, fields.encryptionKey, fields.newEncryptionKey, fields.serializedOldEncryptionKeys)
  const signing = new KeysOfOneUse('signing', warnings, fields.signingKey, fields.newSigningKey, fields.serializedOldSigningKeys)
  const prepared = encryption.next || signing.next
    ? { encryption: encryption.next.getHash(), signing: signing.next.getHash() }
    : null
  const written = BSON.serialize({
    userId: s64(user),
    keyId: s64(device),
    encryptionKey: keyText(encryption.current),
    signingKey: keyText(signing.current),
    ...(prepared && { newEncryptionKey: keyText(encryption.next), newSigningKey: keyText(signing.next) }),
    serializedOldEncryptionKeys: encryption.former.map(keyText),
    serializedOldSigningKeys: signing.former.map(keyText)
  })
  return {
    output: {
      user: user.toHexString(),
      device: device.toHexString(),
      current: { encryption: encryption.current.getHash(), signing: signing.current.getHash() },
      prepared,
      encryptionKeys: encryption.hashes(),
      signingKeys: signing.hashes(),
      warnings,
      written: { base64: base64.text(written) }
    }
  }
}

class KeysOfOneUse {
  constructor (usage, warnings, current, next, former) {
    this.current = readKey(current)
    this.next = next ? readKey(next) : null
    this.former = []
    for (const [index, text] of (former ?? []).entries()) {
      // An unreadable former key is dropped by IDN-17; whether it is readable is for the peer to say.
      try {
        this.former.push(readKey(text))
      } catch {
        warnings.push({ code: 'old-key-dropped', usage, index })
      }
    }
  }

  hashes () {
    const keys = [this.current, ...(this.next ? [this.next] : []), ...this.former]
    return [...new Set(keys.map(key => key.getHash()))]
  }
}

function readKey (latin1) {
  return new PrivateKey(Buffer.from(latin1, 'latin1'))
}

function keyText (key) {
  return key.privateKeyBuffer.toString('latin1')
}

function readSession ({ text }) {
  const { id, key, retrievalDetails } = BSON.deserialize(base64.read(text))
  const session = readId(id)
  const symKey = new SymKey(Buffer.from(key.value()))
  const details = retrievalDetails ?? { flow: LOCAL, fromCache: false }
  const passed = Object.keys(THROUGH).find(name => details[name] !== undefined)
  const through = passed ? { kind: THROUGH[passed], id: readId(details[passed]).toHexString() } : null
  const fromCache = details.fromCache === true
  const written = BSON.serialize({
    id: session.toHexString(),
    key: new Binary(symKey.key),
    ...(retrievalDetails && {
      retrievalDetails: {
        ...(FLOWS.has(details.flow) && { flow: details.flow }),
        ...(through && { [passed]: through.id }),
        fromCache
      }
    })
  })
  return {
    output: {
      session: session.toHexString(),
      key: base64.text(symKey.key),
      flow: FLOWS.get(details.flow) ?? 'unknown',
      through,
      fromCache,
      written: base64.text(written)
    }
  }
}

// Both spellings by the peer's own class: hexadecimal, otherwise base64.
function readId (id) {
  return UUID.isValid(id) ? UUID.createFromHexString(id) : new UUID(base64.read(id))
}

function s64 (id) {
  return id.toString('base64').replaceAll('/', '%').replaceAll('=', '')
}
