'use strict'
// A live peer for tests of local databases: NeDB with the hooks that the packages of the format use, one line sealed at a time by sscrypto.
// The protocol is that of live.js: one JSON request a line on standard input, one JSON answer a line on standard output, in order.
//
//   request   {"op": "...", <base64 members>}
//   answer    {"ok": true, "out": "<base64>"}  or  {"ok": false, "error": "<text>"}
//
// Every operation opens the database at "file" under "key", which also rewrites it compactly, does its work and closes it.

const readline = require('node:readline')
const Datastore = require('@seald-io/nedb')
const { SymKey } = require('sscrypto/node')

const operations = {
  // All documents as JSON, by NeDB's own serialisation of dates.
  read: async ({ file, key }) => {
    const documents = await (await open(file, key)).findAsync({})
    return JSON.stringify(documents)
  },
  // Journal operations in their order, as JSON: ["insert", document], ["update", _id, changes], ["remove", _id], ["index", field], ["compact"].
  write: async ({ file, key, steps }) => {
    const database = await open(file, key)
    for (const [step, ...values] of JSON.parse(steps.toString('utf8'), dates)) {
      if (step === 'insert') await database.insertAsync(values[0])
      else if (step === 'update') await database.updateAsync({ _id: values[0] }, { $set: values[1] })
      else if (step === 'remove') await database.removeAsync({ _id: values[0] })
      else if (step === 'index') await database.ensureIndexAsync({ fieldName: values[0], unique: true })
      else if (step === 'compact') await database.compactDatafileAsync()
      else throw new Error(`unknown step ${step}`)
    }
    return ''
  }
}

async function open (file, key) {
  const sealing = new SymKey(key)
  const database = new Datastore({
    filename: file.toString('utf8'),
    afterSerialization: async line => (await sealing.encryptAsync(Buffer.from(line, 'utf8'))).toString('base64'),
    beforeDeserialization: async line => (await sealing.decryptAsync(Buffer.from(line, 'base64'))).toString('utf8')
  })
  await database.loadDatabaseAsync()
  return database
}

function dates (name, value) {
  return value !== null && typeof value === 'object' && typeof value.$$date === 'number' ? new Date(value.$$date) : value
}

async function answer (line) {
  try {
    const { op, ...members } = JSON.parse(line)
    if (!Object.hasOwn(operations, op)) throw new Error(`unknown op ${JSON.stringify(op)}`)
    for (const name of Object.keys(members)) members[name] = Buffer.from(members[name], 'base64')
    const out = await operations[op](members)
    return { ok: true, out: Buffer.from(out, 'utf8').toString('base64') }
  } catch (error) {
    return { ok: false, error: String(error.message) }
  }
}

async function main () {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line !== '') process.stdout.write(JSON.stringify(await answer(line)) + '\n')
  }
}

main()
