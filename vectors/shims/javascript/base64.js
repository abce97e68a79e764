'use strict'
// Base64 in its two roles.

const { Binary } = require('bson')

// Bytes of the protocol itself, always in standard base64.
const bytes = base64 => Buffer.from(base64, 'base64')
const text = buffer => Buffer.from(buffer).toString('base64')

// Texts of the formats are read by bson's reader of base64. `%` for `/` is the only thing that it cannot know.
const read = base64 => Buffer.from(Binary.createFromBase64(base64.replaceAll('%', '/')).buffer)

module.exports = { bytes, text, read }
