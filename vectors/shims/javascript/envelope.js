'use strict'
// Envelopes: sscrypto's SymKey, through the one-shot door and through the stream.

const { SymKey } = require('sscrypto/node')
const { bytes, text } = require('./base64')

// What a stream hands out early depends on the pieces in which its input comes. Single bytes are the worst, larger pieces save time.
const pieceOf = length => length <= 4096 ? 1 : 1024

const KEY_LENGTH = [/^INVALID_ARG : Key size is invalid/, 'key-length']

module.exports = {
  'envelope-open': {
    answer: open,
    codes: [KEY_LENGTH, [/^doors differ/, 'doors-differ'], [/wrong final block length/i, 'malformed']],
    otherwise: 'rejected'
  },
  'envelope-seal': {
    answer: seal,
    codes: [KEY_LENGTH, [/^doors differ/, 'doors-differ']],
    otherwise: 'malformed'
  }
}

// The verdict is the one-shot's, whose errors say more; `released` is the worse of the two doors.
async function open ({ key, sealed }) {
  const symKey = new SymKey(bytes(key))
  const input = bytes(sealed.base64)
  const whole = attempt(() => symKey.decrypt(input))
  const streamed = await through(symKey.decryptStream(), input)

  const released = Math.max(whole.bytes.length, streamed.bytes.length)
  if (Boolean(whole.refused) !== Boolean(streamed.refused)) return { refused: differ(whole, streamed), released }
  if (whole.refused) return { refused: whole.refused, released }
  if (!whole.bytes.equals(streamed.bytes)) return { refused: differ(whole, streamed), released }
  return { output: { plaintext: { base64: text(whole.bytes) } }, released }
}

// The peer takes its IV from a static method of the key's class, which a subclass may give.
// It knows no permission for short keys, so `allowShortKey` is not looked at.
async function seal ({ key, iv, plaintext }) {
  class FixedIv extends SymKey {
    static randomBytesSync_ () { return bytes(iv) }
  }
  const symKey = new FixedIv(bytes(key))
  const input = bytes(plaintext.base64)
  const whole = symKey.encrypt(input)
  const streamed = await through(symKey.encryptStream(), input)
  if (streamed.refused) throw streamed.refused
  if (!whole.equals(streamed.bytes)) throw differ({ bytes: whole }, streamed)
  return { output: { sealed: { base64: text(whole) } } }
}

function attempt (door) {
  try {
    return { bytes: door() }
  } catch (refused) {
    return { bytes: Buffer.alloc(0), refused }
  }
}

// Everything that comes out of a transform, also before an error.
function through (transform, input) {
  return new Promise(resolve => {
    const pieces = []
    const settle = refused => resolve({ bytes: Buffer.concat(pieces), refused })
    transform.on('data', piece => pieces.push(piece))
    transform.on('end', () => settle())
    transform.on('error', error => setImmediate(settle, error))
    transform.on('close', () => setImmediate(settle, new Error('closed without end')))
    const step = pieceOf(input.length)
    for (let start = 0; start < input.length; start += step) transform.write(input.subarray(start, start + step))
    transform.end()
  })
}

function differ (whole, streamed) {
  const what = ({ bytes, refused }) => refused ? refused.message : `${bytes.length} bytes`
  return new Error(`doors differ: one-shot ${what(whole)}, stream ${what(streamed)}`)
}
