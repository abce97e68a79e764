//! `names`, `value-write`, `value-read`.

use super::{Draft, Files, GenerateError, OWN, STANDARD, STATED, binary, json};
use crate::kinds::process::values::{Decoded, Encoded, Names, NamesIn, NamesOut, Text, ValueRead, ValueWrite};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    names().finish(files)?;
    write().finish(files)?;
    read().finish(files)
}

fn names() -> Draft<Names> {
    let mut draft = Draft::ours("process/names", "proc-name");
    let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let long = "x".repeat(255);
    let accents = "é".repeat(127);
    for (private, public, labels, comment) in [
        (&["b", "a"][..], &["c"][..], &["#roles", "a", "b", "c"][..], "sorted"),
        (&[], &[], &["#roles"], "none at all"),
        (&["!"], &["$"], &["!", "#roles", "$"], "the label of the roles stands among the names"),
        (&["B", "a", "Z"], &[], &["#roles", "B", "Z", "a"], "bytes, not letters"),
        (&["é", "z"], &[], &["#roles", "z", "é"], "bytes beyond ASCII"),
        (&["e\u{301}", "é"], &[], &["#roles", "e\u{301}", "é"], "never normalised: two names"),
        (&["a#", " "], &[], &[" ", "#roles", "a#"], "# elsewhere, and a space"),
        (&[&long], &[], &["#roles", &long], "255 bytes"),
        (&[&accents], &[], &["#roles", &accents], "254 bytes in 127 characters"),
    ] {
        let input = NamesIn { private: list(private), public: list(public) };
        draft.accepts("PROC-02", OWN, comment, input, NamesOut { labels: list(labels) }, 0);
    }
    let (too_long, too_long_bytes) = ("x".repeat(256), "é".repeat(128));
    for (private, public, flag, comment) in [
        (&[""][..], &[][..], OWN, "empty"),
        (&["#roles"], &[], OWN, "the reserved label"),
        (&["#"], &[], OWN, "# alone"),
        (&[], &["#x"], OWN, "begins with #"),
        (&["a"], &["a"], STATED, "private and public"),
        (&["a", "a"], &[], OWN, "twice"),
        (&[&too_long], &[], OWN, "256 bytes"),
        (&[&too_long_bytes], &[], OWN, "256 bytes in 128 characters"),
    ] {
        let input = NamesIn { private: list(private), public: list(public) };
        draft.refuses("PROC-02", flag, comment, input, "bad-name");
    }
    draft
}

fn write() -> Draft<ValueWrite> {
    let mut draft = Draft::ours("process/value-write", "proc-write");
    let depth = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    for (rule, flag, text, canonical) in [
        ("PROC-03", OWN, "null", "null"),
        ("PROC-03", OWN, "false", "false"),
        ("PROC-03", OWN, "true", "true"),
        ("PROC-03", OWN, "0", "0"),
        ("PROC-03", OWN, "-1", "-1"),
        ("PROC-03", OWN, "\"\"", "\"\""),
        ("PROC-03", OWN, "\"é\"", "\"é\""),
        ("PROC-03", OWN, "\"\\u00e9\"", "\"é\""),
        ("PROC-03", OWN, "[]", "[]"),
        ("PROC-03", OWN, " { } ", "{}"),
        ("PROC-03", STANDARD, r#"{"b":1,"a":{"d":[true,null],"c":"x"}}"#, r#"{"a":{"c":"x","d":[true,null]},"b":1}"#),
        ("PROC-03", STANDARD, "1.0", "1"),
        ("PROC-03", STANDARD, "1E2", "100"),
        ("PROC-03", STANDARD, "0.1", "0.1"),
        ("PROC-03", STANDARD, "\"\\ud83d\\ude00\"", "\"\u{1f600}\""),
        ("PROC-05", OWN, "9007199254740992", "9007199254740992"),
        ("PROC-05", OWN, "-9007199254740992", "-9007199254740992"),
        ("PROC-05", OWN, "1e21", "1e+21"),
        ("PROC-05", OWN, "\"9007199254740993\"", "\"9007199254740993\""),
        ("PROC-04", OWN, &depth(64), &depth(64)),
    ] {
        let output = Encoded { encoded: hex::encode(json(canonical)) };
        draft.accepts(rule, flag, format!("JSON, {} characters", text.len()), Text { text: text.into() }, output, 0);
    }
    for (text, encoded, comment) in [
        (r#"{"$binary":""}"#, binary("", b""), "nothing of an unstated type"),
        (r#"{"$binary":"aGVsbG8=","type":"text/plain"}"#, binary("text/plain", b"hello"), "hello"),
        (r#"{"type":"","$binary":"AA=="}"#, binary("", &[0]), "a type that is empty"),
    ] {
        let output = Encoded { encoded: hex::encode(encoded) };
        draft.accepts("PROC-06", OWN, comment, Text { text: text.into() }, output, 0);
    }
    let long_type = format!(r#"{{"$binary":"","type":"{}"}}"#, "x".repeat(256));
    for (rule, text, error, comment) in [
        ("PROC-05", "9007199254740993", "bad-value", "an integer above 2^53"),
        ("PROC-05", "-9007199254740993", "bad-value", "an integer below -2^53"),
        ("PROC-05", "[100000000000000000000000]", "bad-value", "a long integer"),
        ("PROC-05", "1e20", "bad-value", "a number that is written as an integer above 2^53"),
        ("PROC-05", "1e400", "bad-value", "not finite"),
        ("PROC-05", "NaN", "bad-value", "no number"),
        ("PROC-05", "\"\\ud800\"", "bad-value", "half a surrogate pair"),
        ("PROC-05", "\"\\udc00\\ud800\"", "bad-value", "a pair the wrong way round"),
        ("PROC-05", "{\"a\":1,\"a\":1}", "bad-value", "a member twice"),
        ("PROC-05", "{\"a\":1,\"\\u0061\":1}", "bad-value", "a member twice in two spellings"),
        ("PROC-05", "[1,]", "bad-value", "no JSON"),
        ("PROC-05", "01", "bad-value", "a leading zero"),
        ("PROC-05", &depth(65), "bad-value", "nested 65 deep"),
        ("PROC-06", r#"{"$binary":"AA"}"#, "bad-value", "base64 without padding"),
        ("PROC-06", r#"{"$binary":"AB=="}"#, "bad-value", "base64 with spare bits"),
        ("PROC-06", r#"{"$binary":1}"#, "bad-value", "base64 that is a number"),
        ("PROC-06", r#"{"$binary":"","typ":""}"#, "bad-value", "another member"),
        ("PROC-06", r#"{"$binary":"","type":null}"#, "bad-value", "a type that is null"),
        ("PROC-06", r#"{"$binary":"","type":"é"}"#, "bad-value", "a type beyond ASCII"),
        ("PROC-06", &long_type, "bad-value", "a type of 256 bytes"),
        ("PROC-06", r#"[{"$binary":""}]"#, "nested-binary", "binary in an array"),
        ("PROC-06", r#"{"a":{"$binary":""}}"#, "nested-binary", "binary in an object"),
        ("PROC-06", r#"{"a":[[{"b":{"$binary":1}}]]}"#, "nested-binary", "binary deep inside"),
    ] {
        draft.refuses(rule, OWN, comment, Text { text: text.to_owned() }, error);
    }
    draft
}

fn read() -> Draft<ValueRead> {
    let mut draft = Draft::ours("process/value-read", "proc-read");
    let decoded = |text: &str| Decoded { json: Some(text.into()), media_type: None, bytes: None };
    for text in [
        "null",
        "false",
        "true",
        "0",
        "-1",
        "0.1",
        "1e+21",
        "1e-7",
        "\"\"",
        "\"é\"",
        "[]",
        "{}",
        "9007199254740992",
        "\"\\u0000\\n\\\"\\\\/\"",
        r#"{"a":{"c":"x","d":[true,null]},"b":1}"#,
        "{\"\u{1f600}\":1,\"\u{fb33}\":2}",
    ] {
        let encoded = Encoded { encoded: hex::encode(json(text)) };
        draft.accepts("PROC-04", OWN, format!("JSON {text}"), encoded, decoded(text), 0);
    }
    let every: Vec<u8> = (0..=255).collect();
    let printable: String = (0x20_u8..=0x7e).map(char::from).collect();
    for (media_type, bytes, comment) in [
        ("", &b""[..], "nothing"),
        ("text/plain", b"hello", "text"),
        ("", &every, "every byte value"),
        (&printable, b"", "every character of a type"),
        (&"t".repeat(255), b"x", "a type of 255 bytes"),
        ("application/json", b"{ }", "bytes that look like JSON"),
    ] {
        let encoded = Encoded { encoded: hex::encode(binary(media_type, bytes)) };
        let output = Decoded { json: None, media_type: Some(media_type.into()), bytes: Some(hex::encode(bytes)) };
        draft.accepts("PROC-04", OWN, comment, encoded, output, 0);
    }
    let deep = |depth: usize| json(&("[".repeat(depth) + &"]".repeat(depth)));
    let mut refused: Vec<(Vec<u8>, String)> = vec![
        (vec![], "nothing".into()),
        (vec![1], "one byte".into()),
        (vec![1, 0], "no JSON text".into()),
        (vec![1, 1], "binary without a length".into()),
        (vec![1, 1, 0], "half a length".into()),
        (vec![1, 1, 0, 1], "a type that is not there".into()),
        (binary("a\u{7f}", b""), "DEL in a type".into()),
        (binary("a\n", b""), "a line feed in a type".into()),
        (binary("é", b""), "a type beyond ASCII".into()),
        (binary(&"x".repeat(256), b""), "a type of 256 bytes".into()),
        ([&[1, 1, 0xa, 0], b"text/plain".as_slice()].concat(), "the length in the other byte order".into()),
        ([&[1, 0], b"\"\xff\"".as_slice()].concat(), "invalid UTF-8".into()),
        ([&[1, 0], b"\"\xed\xa0\x80\"".as_slice()].concat(), "a surrogate in UTF-8".into()),
        ([&[1, 0, 0xef, 0xbb, 0xbf], b"null".as_slice()].concat(), "a byte order mark".into()),
        (deep(65), "nested 65 deep".into()),
    ];
    for text in [
        " null",
        "null ",
        "null\n",
        "[1, 2]",
        "{\"b\":1,\"a\":2}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "-0",
        "1.0",
        "1E2",
        "1e21",
        "0.10",
        "100000000000000000000",
        "9007199254740993",
        "\"\\u00e9\"",
        "\"\\/\"",
        "\"\\u000a\"",
        "\"\\ud800\"",
        "\"\\u001F\"",
        "nul",
        "",
        "{\"\u{fb33}\":2,\"\u{1f600}\":1}",
        "1 2",
    ] {
        refused.push((json(text), format!("JSON in another form: {text}")));
    }
    for (encoded, comment) in refused {
        draft.refuses("PROC-04", OWN, comment, Encoded { encoded: hex::encode(encoded) }, "undecodable");
    }
    // Every version and kind but the two that exist.
    for byte in 0..=255_u8 {
        if byte != 1 {
            let encoded = [&[byte, 0], b"null".as_slice()].concat();
            draft.refuses(
                "PROC-03",
                OWN,
                format!("version {byte:02x}"),
                Encoded { encoded: hex::encode(encoded) },
                "undecodable",
            );
        }
        if byte > 1 {
            let encoded = [&[1, byte], b"null".as_slice()].concat();
            draft.refuses(
                "PROC-03",
                OWN,
                format!("kind {byte:02x}"),
                Encoded { encoded: hex::encode(encoded) },
                "undecodable",
            );
        }
    }
    draft
}
