//! The seeds and dictionaries of the targets, made from the vectors: always the same bytes.

mod localdb;
mod process;
mod sigchains;

use crate::sealing::sealed;
use crate::{TARGETS, file};
use ring::digest::{SHA256, digest};
use sealwright_envelope::{SymKey, open};
use sealwright_types::b64;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Seeds of one target at most.
const MOST: usize = 30;
/// Bytes of one seed at most.
const LONGEST: usize = 4096;
/// Bytes of a protocol 1 header.
const HEADER: usize = 59;

/// The directory of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Files of the seeds and the dictionaries with their content, relative to `fuzz/`.
///
/// # Panics
/// When the vectors are not there.
pub fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for (target, _) in TARGETS {
        let mut seeds = seeds(target);
        seeds.retain(|seed| seed.len() <= LONGEST);
        for (number, seed) in spread(seeds, MOST).into_iter().enumerate() {
            files.push((Path::new("corpus").join(target).join(format!("seed-{number:02}")), seed));
        }
        let entries: String = dictionary(target).iter().map(|entry| format!("\"{entry}\"\n")).collect();
        if !entries.is_empty() {
            files.push((Path::new("dictionaries").join(target), entries.into_bytes()));
        }
    }
    files
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "envelope" => envelopes(),
        "stream" => vec![
            b"\x00\x01\x00\x00\x05\x00hello".to_vec(),
            b"\x03\xff\x01\x10\xff\xff0123456789abcdef".to_vec(),
            b"\x02\x00\x00\x00\x00\x00".to_vec(),
            b"\x03\x00\xff\x07\x10\x00sixty-five thousand bytes and more".to_vec(),
        ],
        "message" => [vectors("message-open", "message"), vectors("message-open-peers", "message")]
            .concat()
            .into_iter()
            .map(|text| with_place(&text, b"\"data\":\"", b'"'))
            .collect(),
        "legacy_message" => legacy_messages(),
        "container" => containers(),
        "archive" => archives(),
        "html" => vectors("file-open-html", "container")
            .into_iter()
            .map(|text| with_place(&text, b"window.sealdDocument = '", b'\''))
            .collect(),
        "bson" => {
            [identities(), serialized_sessions().iter().filter_map(|text| b64::decode_strict(text).ok()).collect()]
                .concat()
        }
        "identity" => identities(),
        "serialized_session" => serialized_sessions(),
        "rsa_private" => keys("private", &["pkcs8", "pkcs1"]),
        "rsa_public" => keys("public", &["spki", "pkcs1Public"]),
        "rsa_numbers" => {
            (0..8).flat_map(|which| [vec![which, 0, 5, 1], vec![which, 5, 16, 0], vec![which, 4, 3, 0]]).collect()
        }
        "records" => records(),
        "csv_records" => vec![
            b"id,text\n1,@\n2,@\n".to_vec(),
            b"\xef\xbb\xbfa;b\r\n\"x\"\"y\";@\r\n\r\n;;\r".to_vec(),
            b"@,@\n@x,@\n\"@".to_vec(),
            b"a\tb|c\n\"line\nend\"\t@\n".to_vec(),
        ],
        "json_records" => vec![
            b"{\"m\":@}\n".to_vec(),
            b"{ \"a\" : @ , \"n\": 1e2, \"a\":@}\r\n\n[@]\n@\nno json\n{\"b\":{\"c\":@}}".to_vec(),
        ],
        "members" => tars(),
        "resolving" => worlds(),
        "database_line" => localdb::lines(),
        "database" => localdb::journals(),
        "exported_database" => localdb::exported(),
        "go_storage" => localdb::go_storages(),
        "stored_identity" => localdb::stored_identities(),
        "process_value" => process::values(),
        "process_proof" => process::proofs(),
        "process_share" => process::shares(),
        "process_text" => process::processes(),
        "sigchain" => sigchains::chains(),
        "rights" => (0..20).map(action_sequence).collect(),
        "scenario" => ["decisions", "guards", "examples"].iter().flat_map(|name| stories(name)).collect(),
        "base64" => texts(&json("vectors/encodings/base64.json"), "/in/text"),
        "ids" => texts(&json("vectors/encodings/identifier.json"), "/in/text"),
        "recipients" => [
            "",
            "# of the archive\n",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\r\n\n",
            "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
            "AGE-SECRET-KEY-1",
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        "session_ids" => [
            "",
            r#"{"oldSessionId":"5a221722-36c4-41ee-be56-0242ac120002","sessionId":"00000000-0000-1000-a000-7ea300000018"}"#,
            "\n{\"oldSessionId\":\"5a221722-36c4-41ee-be56-0242ac120002\",\"sessionId\":\"5a221722-36c4-41ee-be56-0242ac120002\"}\n",
            r#"["5a221722-36c4-41ee-be56-0242ac120002"]"#,
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        _ => [
            "a.txt",
            "../../etc/passwd",
            "C:\\con",
            ".hidden",
            "é…日本.tar.gz",
            "a. . ",
            "COM1.x",
            "//",
            "a:b*c?",
            "x (1).y",
        ]
        .map(|name| name.as_bytes().to_vec())
        .into(),
    }
}

/// Worlds of records: options, then six bytes for each record.
fn worlds() -> Vec<Vec<u8>> {
    const KNOWN: [u8; 6] = [0, 0, 0, 0, 0, 0];
    const TOKEN: [u8; 6] = [1, 1, 0, 1, 0, 2];
    const FOR_GROUP: [u8; 6] = [1, 2, 2, 2, 0, 6];
    const PROXY: [u8; 6] = [2, 3, 1, 3, 1, 0];
    const PROXY_OF_PROXY: [u8; 6] = [2, 4, 3, 4, 3, 0];
    const GROUP_KEY: [u8; 6] = [3, 1, 0, 0, 1, 0];
    const SYM_ENC_KEY: [[u8; 6]; 2] = [[4, 5, 0, 5, 7, 0], [5, 0, 0, 0, 7, 0]];
    const TMR: [[u8; 6]; 2] = [[6, 5, 1, 5, 7, 0], [7, 0, 1, 0, 7, 0]];
    const REVOKED: [u8; 6] = [129, 1, 1, 1, 0, 2];
    let world = |records: &[[u8; 6]]| records.concat();
    let worlds = [
        world(&[TOKEN]),
        world(&[KNOWN, TOKEN, REVOKED]),
        world(&[FOR_GROUP, GROUP_KEY, TOKEN]),
        world(&[PROXY, TOKEN]),
        world(&[PROXY, PROXY_OF_PROXY, TOKEN]),
        world(&SYM_ENC_KEY),
        world(&TMR),
        world(&[&[TOKEN, FOR_GROUP, PROXY, PROXY_OF_PROXY, GROUP_KEY], &SYM_ENC_KEY[..], &TMR].concat()),
    ];
    let options = [0_u8, 3, 4, 8];
    options.iter().flat_map(|options| worlds.iter().map(|world| [&[*options], world.as_slice()].concat())).collect()
}

/// What may be worth inserting.
fn dictionary(target: &str) -> &'static [&'static str] {
    match target {
        "message" => &[
            "\\\"sessionId\\\":",
            "\\\"data\\\":",
            "\\\"SessionID\\\"",
            "@",
            "\\\\u",
            "\\\\ud800",
            "{",
            "}",
            "[",
            "null",
            "1e9",
        ],
        "process_value" => {
            &["\\x01\\x00", "\\x01\\x01\\x00\\x0atext/plain", "\\\"$binary\\\":", "1e21", "-0", "\\\\ud800"]
        }
        "process_proof" => &["\\\"class\\\":", "\\\"path\\\":[", "\\\"side\\\":\\\"L\\\"", "\\\"root\\\":"],
        "process_text" => &[
            "\\\"keys\\\":{",
            "\\\"salts\\\":{",
            "\\\"placeholder\\\":true",
            "\\\"#roles\\\"",
            "\\\"validation_tokens\\\":[",
        ],
        "legacy_message" => &["==GET=SEALD=", "=1=", "=p=", "/=", "@", "2/", "%", "="],
        "container" => &[
            "SEALD.IO_",
            "SEALD.IO_Encrypted_File",
            "U0VBTEQuSU9f",
            "\\x02mid\\x00",
            "\\x02v\\x00",
            "\\x17\\x00\\x00\\x00",
            "@",
        ],
        "archive" => &[
            "ustar\\x0000",
            "ustar  \\x00",
            "PaxHeader",
            " path=",
            " size=",
            "11 path=a\\x0a",
            "0000644\\x00",
            "././@LongLink",
        ],
        "html" => &["window.sealdDocument = ", "window.sealdDocumentUID", " = '", "'", "\\x22", "@", "\\x0d\\x0a", "="],
        "bson" | "identity" | "serialized_session" => &[
            "\\x02id\\x00",
            "\\x05key\\x00",
            "\\x03retrievalDetails\\x00",
            "\\x10flow\\x00",
            "\\x08fromCache\\x00",
            "\\x02groupId\\x00",
            "\\x02userId\\x00",
            "\\x02keyId\\x00",
            "\\x02encryptionKey\\x00",
            "\\x02signingKey\\x00",
            "\\x04serializedOldEncryptionKeys\\x00",
            "\\x02newSigningKey\\x00",
            "\\x00\\x00\\x00\\x00\\x05",
            "\\x0a",
        ],
        "rsa_private" | "rsa_public" => &[
            "\\x30\\x82",
            "\\x02\\x01\\x00",
            "\\x02\\x03\\x01\\x00\\x01",
            "\\x04\\x82",
            "\\x03\\x82",
            "\\x05\\x00",
            "\\xa0\\x00",
            "\\x06\\x09\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x01\\x01",
            "\\x02\\x81\\x81\\x00",
            "\\x02\\x82\\x01\\x01\\x00",
        ],
        "records" => &[
            "\\\"sessionId\\\":",
            "\\\"message_id\\\":",
            "\\\"token\\\":",
            "\\\"data_b64\\\":",
            "\\\"createdForKeyHash\\\":",
            "\\\"authFactor\\\":",
            "\\\"auth_factor_type\\\":",
            "\\\"EM\\\"",
            "\\\"created\\\":",
            "\\\"revoked\\\":true",
            "null",
            "%",
        ],
        "database_line" | "database" | "exported_database" => &[
            "\\\"_id\\\":\\\"",
            "\\\"$$deleted\\\":true",
            "\\\"$$indexCreated\\\":{}",
            "\\\"isDefault\\\":true",
            "\\\"isGroup\\\":true",
            "\\\"devices\\\":[",
            "\\\"keys\\\":[",
            "\\\"type\\\":\\\"PRIVATE\\\"",
            "\\\"serializedKey\\\":",
            "\\\"@\\\"",
            "\\\"@@\\\"",
            "\\x0a>",
            "\\x0d\\x0a",
            "/User.fdb",
            "/HairlessUser.fdb",
            "/SealdKeyBackup",
            "seald-cache-",
            "null",
        ],
        "go_storage" => &[
            "\\\"userId\\\":",
            "\\\"deviceId\\\":",
            "\\\"encryptionPrivateKey\\\":",
            "\\\"signingPrivateKey\\\":",
            "\\\"oldKeys\\\":[",
            "\\\"currentKey\\\":",
            "\\\"b64SerializedSymKey\\\":",
            "\\\"retrievalDetails\\\":",
            "\\\"@\\\"",
            "\\\"@@\\\"",
            "\\x0a!",
            "EM/",
            "null",
        ],
        "scenario" => &[
            "\\\"steps\\\":[",
            "\\\"records\\\":[",
            "\\\"memory\\\":[",
            "\\\"groups\\\":[",
            "\\\"handle\\\":\\\"bearer\\\"",
            "\\\"cache\\\":\\\"evict\\\"",
            "\\\"proxy\\\":",
            "\\\"sym-enc-key\\\":",
            "\\\"tmr\\\":",
            "\\\"wrapped\\\":[",
            "\\\"rfv\\\"",
            "\\\"closed\\\":true",
            "null",
        ],
        "sigchain" => &[
            "\\\"@\\\"",
            "\\\"@@\\\"",
            "\\\"creation\\\"",
            "\\\"renewal\\\"",
            "\\\"revocation\\\"",
            "\\\"members\\\"",
            "\\\"server-remove-members\\\"",
            "\\\"members\\\":[]",
            "\\\"self\\\"",
            "\\\"server\\\"",
            "\\\"expire_at\\\":0",
            "\\\"position\\\":",
            "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
            "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
            "11111111-1111-4111-8111-111111111111",
            "1767225600",
            "1795303600",
            "null",
            "9007199254740991",
        ],
        "ids" => &["-", "4", "8", "==", "%", "urn:uuid:"],
        "names" => &["..", "/", "\\\\", "CON", "LPT1", ".tar.gz", " (1)", "\\xc3\\xa9", "\\xe2\\x80\\xae"],
        "recipients" => &["age1", "#", "\\x0d\\x0a", "AGE-SECRET-KEY-1"],
        "session_ids" => &["\\\"oldSessionId\\\":", "\\\"sessionId\\\":", "\\x0a", "{", "}"],
        _ => &[],
    }
}

/// What stands before the MAC: padding of every kind behind good and bad blocks.
fn envelopes() -> Vec<Vec<u8>> {
    let mut plaintexts: Vec<Vec<u8>> = [0, 1, 15, 16, 17, 100, 300].map(|length| vec![b'x'; length]).into();
    let before = |envelope: Vec<u8>, cut: usize| envelope.get(..envelope.len() - cut).unwrap_or_default().to_vec();
    let mut envelopes: Vec<_> = plaintexts.drain(..).map(|plaintext| before(sealed(&plaintext), 32)).collect();
    // Without its padding block an envelope ends with whatever its text ends with.
    for last in [0, 1, 2, 15, 16, 17, 32, 255] {
        let padded: Vec<u8> = (0..16).map(|at| if at >= 16 - last.min(16) { last as u8 } else { 0x55 }).collect();
        for text in [
            padded.clone(),
            [&[0x55; 16], &padded[..]].concat(),
            vec![0x55; 15].into_iter().chain([last as u8]).collect(),
        ] {
            envelopes.push(before(sealed(&text), 48));
        }
    }
    envelopes
}

fn legacy_messages() -> Vec<Vec<u8>> {
    let messages = vectors("legacy-message-open", "message");
    let placed = messages.iter().map(|text| {
        let parts: Vec<&[u8]> = text.split(|&byte| byte == b'=').collect();
        // ==GET=SEALD=protocol=key=envelope/=
        match parts.as_slice() {
            [a, b, c, d, protocol, key, _, rest @ ..] => {
                [&[a, b, c, d, *protocol, *key, &b"@/"[..]][..], rest].concat().join(&b'=')
            }
            _ => text.clone(),
        }
    });
    placed.collect()
}

fn containers() -> Vec<Vec<u8>> {
    let headers = vectors("file-open-headers", "container");
    let cut = headers.iter().filter_map(|container| container.get(..HEADER)).map(|header| [header, b"@"].concat());
    let mut containers: Vec<Vec<u8>> = cut.collect();
    containers.dedup();
    containers.push(b"SEALD.IO_Encrypted_FileWiIXIjbEQe6+VgJCrBIAAg@".to_vec());
    containers.push(file::written(b"whole"));
    containers.push(b64::encode(file::written(b"whole")).into_bytes());
    containers.extend(headers);
    containers
}

/// The archives inside the containers of the vectors.
fn archives() -> Vec<Vec<u8>> {
    let mut archives = vec![file::archive_of(b"hello"), b"name\nbody".to_vec()];
    for test in tests("file-open-archives") {
        let key = text_of(&test, "/in/key").and_then(|key| b64::decode_strict(key).ok());
        let key = SymKey::from_bytes(&key.expect("a key")).expect("a key");
        let container = bytes_of(&test, "/in/container").unwrap_or_default();
        archives.extend(container.get(HEADER..).and_then(|envelope| open(&key, envelope).ok()));
    }
    // Several tests open the same container.
    archives.dedup();
    archives
}

fn identities() -> Vec<Vec<u8>> {
    ["js_alice_0old", "js_alice_sub", "js_carol_rsa1024", "go_alice_no_old"]
        .map(|name| read(&format!("vectors/peer/identity/{name}.bson")))
        .into()
}

fn serialized_sessions() -> Vec<Vec<u8>> {
    texts_in(&json("vectors/peer/session.json"), "/serializedSessions", "/serialized")
}

fn keys(kind: &str, encodings: &[&str]) -> Vec<Vec<u8>> {
    let rsa = json("vectors/peer/rsa.json");
    let mut keys = Vec::new();
    for encoding in encodings {
        keys.extend(texts_in(&rsa, "/keys", &format!("/{encoding}")));
    }
    let imports = rsa.pointer("/imports").and_then(Value::as_array).expect("imports");
    let of_kind = imports.iter().filter(|import| text_of(import, "/kind") == Some(kind));
    keys.extend(of_kind.filter_map(|import| text_of(import, "/der")).map(|der| der.as_bytes().to_vec()));
    keys.iter().filter_map(|text| b64::decode_strict(text).ok()).collect()
}

fn records() -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    for name in ["message-keys", "proxy-keys", "sym-enc-keys", "tmr-accesses", "group-keys"] {
        let lines = read(&format!("vectors/egress/hard/bundle/{name}.jsonl"));
        records.extend(lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).take(5).map(<[u8]>::to_vec));
    }
    records
}

/// Random actions, always the same for a number. They are many: only behind a long way are there worlds in which much can go wrong.
pub(crate) fn action_sequence(number: u16) -> Vec<u8> {
    let block = |block: u16| digest(&SHA256, &[number.to_le_bytes(), block.to_le_bytes()].concat());
    (0..).flat_map(|place| block(place).as_ref().to_vec()).take(1 + 14 * 200).collect()
}

/// The stories of a file of vectors about access.
fn stories(name: &str) -> Vec<Vec<u8>> {
    let file = json(&format!("vectors/rights/{name}.json"));
    let tests = file.pointer("/tests").and_then(Value::as_array).expect("tests");
    tests.iter().filter_map(|test| test.get("in")).map(|story| story.to_string().into_bytes()).collect()
}

/// The member of all tests of a file of vectors for envelopes.
fn vectors(name: &str, member: &str) -> Vec<Vec<u8>> {
    let pointer = format!("/in/{member}");
    tests(name).iter().filter_map(|test| bytes_of(test, &pointer)).collect()
}

fn tests(name: &str) -> Vec<Value> {
    let file = json(&format!("vectors/envelope/{name}.json"));
    file.pointer("/tests").and_then(Value::as_array).expect("tests").clone()
}

/// A text, or bytes written as an object with base64 of them; `None` for bytes that stand in another file.
fn bytes_of(test: &Value, pointer: &str) -> Option<Vec<u8>> {
    let value = test.pointer(pointer)?;
    match value.as_str() {
        Some(text) => Some(text.as_bytes().to_vec()),
        None => b64::decode_strict(text_of(value, "/base64")?).ok(),
    }
}

fn texts(file: &Value, pointer: &str) -> Vec<Vec<u8>> {
    texts_in(file, "/tests", pointer)
}

fn texts_in(file: &Value, list: &str, pointer: &str) -> Vec<Vec<u8>> {
    let list = file.pointer(list).and_then(Value::as_array).expect("a list");
    list.iter().filter_map(|item| text_of(item, pointer)).map(|text| text.as_bytes().to_vec()).collect()
}

fn text_of<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn json(path: &str) -> Value {
    serde_json::from_slice(&read(path)).expect("JSON")
}

fn read(path: &str) -> Vec<u8> {
    std::fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text with `@` between `before` and the next `end`.
fn with_place(text: &[u8], before: &[u8], end: u8) -> Vec<u8> {
    let Some(at) = text.windows(before.len()).position(|window| window == before) else {
        return text.to_vec();
    };
    let (head, tail) = text.split_at(at + before.len());
    let length = tail.iter().position(|&byte| byte == end).unwrap_or(tail.len());
    [head, b"@", tail.get(length..).unwrap_or_default()].concat()
}

/// At most `most` of them, from everywhere.
fn spread(seeds: Vec<Vec<u8>>, most: usize) -> Vec<Vec<u8>> {
    let step = seeds.len().div_ceil(most).max(1);
    seeds.into_iter().step_by(step).collect()
}

/// Archives of files, once more with gzip around them.
fn tars() -> Vec<Vec<u8>> {
    let archive = |files: &[(&str, &[u8])]| {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        for (name, content) in files {
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, name, *content).expect("memory");
        }
        builder.into_inner().expect("memory")
    };
    let (two, long) = (archive(&[("a", b"one"), ("a", b"two")]), archive(&[(&"long/".repeat(40), b"three")]));
    vec![[b"z", &two[..]].concat(), b"\x1f\x8b\x08".to_vec(), two, long]
}
