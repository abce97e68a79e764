//! `encodings/`: base64 in its readings, and ids.

use super::{Draft, Files, GenerateError, expand};
use crate::kinds::base64::{self, Base64, Reading};
use crate::kinds::identifier::{self, Form, Identifier};

pub(super) fn add(files: &mut Files) -> Result<(), GenerateError> {
    base64().finish(files)?;
    identifier().finish(files)
}

/// Text and its bytes in the strict, the tolerant and the S64 reading; then what is special.
type Row = (&'static str, [Option<&'static [u8]>; 3], &'static str);

const HELLO: Option<&[u8]> = Some(b"hello");
const ASK: Option<&[u8]> = Some(b"hello?");

const BASE64: &[Row] = &[
    ("", [Some(b""), Some(b""), None], "empty"),
    ("aGVsbG8=", [HELLO, HELLO, HELLO], "canonical"),
    ("aGVsbG8/", [ASK, ASK, ASK], "canonical with a slash"),
    ("++++", [Some(b"\xfb\xef\xbe"); 3], "canonical with plus"),
    ("////", [Some(b"\xff\xff\xff"); 3], "canonical, slashes only"),
    ("AA==", [Some(b"\0"); 3], "one byte"),
    ("AAA=", [Some(b"\0\0"); 3], "two bytes"),
    ("AAAA", [Some(b"\0\0\0"); 3], "three bytes"),
    ("aGVsbG8", [None, HELLO, HELLO], "padding missing"),
    ("AA", [None, Some(b"\0"), Some(b"\0")], "two padding characters missing"),
    ("AA=", [None, Some(b"\0"), Some(b"\0")], "one of two padding characters"),
    ("AAA==", [None, Some(b"\0\0"), Some(b"\0\0")], "one padding character too many"),
    ("AAAA=", [None, Some(b"\0\0\0"), Some(b"\0\0\0")], "padding where none belongs"),
    ("AAAA====", [None, Some(b"\0\0\0"), Some(b"\0\0\0")], "a whole group of padding"),
    ("=", [None, Some(b""), Some(b"")], "padding only"),
    ("aGVsbG9=", [None, HELLO, HELLO], "spare bits set"),
    ("AB==", [None, Some(b"\0"), Some(b"\0")], "spare bits set, one byte"),
    ("aGVsbG8_", [None, ASK, None], "url alphabet, underscore"),
    ("----", [None, Some(b"\xfb\xef\xbe"), None], "url alphabet, hyphen"),
    ("-+_/", [None, Some(b"\xfb\xef\xff"), None], "both alphabets mixed"),
    ("aGVsbG8%", [None, None, ASK], "S64 alphabet"),
    ("%%%%", [None, None, Some(b"\xff\xff\xff")], "S64 alphabet only"),
    ("/%/%", [None, None, Some(b"\xff\xff\xff")], "slash and percent mixed"),
    ("aGVs\r\nbG8=", [None, HELLO, None], "CR LF inside"),
    ("aGVs\nbG8=", [None, HELLO, None], "LF inside"),
    ("aGVs \tbG8=", [None, HELLO, None], "space and tab inside"),
    (" aGVsbG8=", [None, HELLO, None], "space before"),
    ("aGVsbG8=\n", [None, HELLO, None], "line feed after"),
    ("aGVsbG8 =", [None, HELLO, None], "space before the padding"),
    (" ", [None, Some(b""), None], "white space only"),
    ("aGVs\u{b}bG8=", [None, None, None], "vertical tab"),
    ("aGVs\u{a0}bG8=", [None, None, None], "no-break space"),
    ("aGVs\0bG8=", [None, None, None], "NUL inside"),
    ("aGVs!bG8=", [None, None, None], "junk inside"),
    ("aGVsbG8=!", [None, None, None], "junk after the padding"),
    ("aGVsbG8=aGVs", [None, None, Some(b"hello\x1a\x19\x5b")], "text after the padding"),
    ("AAAA=AAAA", [None, None, Some(&[0; 6])], "an equals sign between two groups"),
    ("aGVsbG8=\naGVs", [None, None, None], "text after padding and line feed"),
    ("A", [None, None, None], "one character"),
    ("AAAAA", [None, None, None], "one character left over"),
    ("AAAAA===", [None, None, None], "one character left over, padded"),
    ("\u{ff21}AAA", [None, None, None], "a full-width letter"),
    ("aGVsbG8.", [None, None, None], "a dot"),
    ("data:aGVsbG8=", [None, None, None], "a prefix"),
];

fn base64() -> Draft<Base64> {
    let mut draft = Draft::ours("encodings/base64", "b64");
    for (text, readings, comment) in BASE64 {
        let rules = [("B64-01", Reading::Strict), ("B64-02", Reading::Tolerant), ("B64-04", Reading::S64)];
        for ((rule, reading), bytes) in rules.into_iter().zip(readings) {
            let input = base64::Input { text: (*text).to_owned(), reading };
            match bytes {
                Some(bytes) => draft.valid(rule, *comment, input, written(bytes), 0),
                None => draft.invalid(rule, *comment, input, "malformed", &["Base64Junk"]),
            }
        }
    }
    // What writers give: every length of the last group, every digit.
    for length in [1, 2, 3, 4, 5, 16, 48, 64] {
        let output = written(&expand("base64", length));
        let input = base64::Input { text: output.standard.clone(), reading: Reading::Strict };
        draft.valid("B64-03", format!("{length} bytes as written"), input, output, 0);
    }
    let mut all = Vec::new();
    for group in 0_u32..16 {
        let digits = (0..4).fold(0, |digits, place| digits << 6 | (group * 4 + place));
        all.extend_from_slice(&digits.to_be_bytes()[1..]);
    }
    let output = written(&all);
    let input = base64::Input { text: output.s64.clone(), reading: Reading::S64 };
    draft.valid("B64-04", "the whole alphabet in S64", input, output, 0);
    draft
}

/// The spellings are computed here, digit by digit, and not by the code that is tested.
fn written(bytes: &[u8]) -> base64::Output {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut standard = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().chain(&[0; 2]).take(3).fold(0_usize, |number, &byte| number << 8 | usize::from(byte));
        for place in 0..4 {
            let digit = DIGITS[number >> (18 - 6 * place) & 63];
            standard.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    let s64 = standard.replace('/', "%").replace('=', "");
    base64::Output { bytes: bytes.iter().map(|byte| format!("{byte:02x}")).collect(), standard, s64 }
}

const HYPHENATED: &str = "5a221722-36c4-41ee-be56-0242ac120002";
const S64: &str = "WiIXIjbEQe6+VgJCrBIAAg";

fn identifier() -> Draft<Identifier> {
    let mut draft = Draft::ours("encodings/identifier", "id");
    let upper = HYPHENATED.to_uppercase();
    let good = || identifier::Output { hyphenated: HYPHENATED.to_owned(), s64: S64.to_owned() };
    for (text, comment, accepted) in [
        (HYPHENATED, "lower-case hyphenated", [true, true, false]),
        (upper.as_str(), "upper-case hyphenated", [true, false, false]),
        ("5A221722-36c4-41EE-be56-0242AC120002", "mixed case", [true, false, false]),
        (S64, "S64", [true, false, true]),
        ("WiIXIjbEQe6+VgJCrBIAAg==", "padded", [true, false, true]),
        ("WiIXIjbEQe6+VgJCrBIAAg=", "half padded", [true, false, true]),
        ("WiIXIjbEQe6+VgJCrBIAAh", "spare bits set", [true, false, true]),
        ("WiIXIjbEQe6+VgJCrBIAAv", "all spare bits set", [true, false, true]),
        ("WiIXIjbEQe6-VgJCrBIAAg", "url alphabet", [false; 3]),
        ("WiIXIjbEQe6+VgJCrBIAA", "21 characters", [false; 3]),
        ("WiIXIjbEQe6+VgJCrBIAAgA", "23 characters", [false; 3]),
        ("WiIXIjbEQe6+VgJCrBIAAg===", "three padding characters", [false; 3]),
        ("WiIXIjbEQe6+VgJCrBIAAg\n", "a line feed after it", [false; 3]),
        ("5a22172236c441eebe560242ac120002", "without hyphens", [false; 3]),
        ("{5a221722-36c4-41ee-be56-0242ac120002}", "in braces", [false; 3]),
        ("urn:uuid:5a221722-36c4-41ee-be56-0242ac120002", "as a URN", [false; 3]),
        ("5a221722-36c4-41ee-be56-0242ac120002 ", "a space after it", [false; 3]),
        (" 5a221722-36c4-41ee-be56-0242ac120002", "a space before it", [false; 3]),
        ("5a221722_36c4_41ee_be56_0242ac120002", "underscores", [false; 3]),
        ("5a22172-236c4-41ee-be56-0242ac120002", "a hyphen in the wrong place", [false; 3]),
        ("5a221722-36c4-41ee-be56-0242ac12000g", "a digit that is none", [false; 3]),
        ("5a221722-36c4-41ee-be56-0242ac12000", "35 characters", [false; 3]),
        ("", "empty", [false; 3]),
        ("0000000000000000000000", "22 times zero", [false; 3]),
        ("AAAAAAAAAAAAAAAAAAAAAA", "the nil UUID in S64", [false; 3]),
        ("%%%%%%%%%%%%%%%%%%%%%w", "the max UUID in S64", [false; 3]),
        ("00000000-0000-0000-0000-000000000000", "the nil UUID", [false; 3]),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", "the max UUID", [false; 3]),
    ] {
        let forms = [Form::Any, Form::HyphenatedLowerCase, Form::S64];
        for (form, accepted) in forms.into_iter().zip(accepted) {
            let rule = match form {
                Form::Any => "UUID-03",
                Form::HyphenatedLowerCase => "UUID-01",
                Form::S64 => "UUID-02",
            };
            let input = identifier::Input { text: text.to_owned(), form };
            match accepted {
                true => draft.valid(rule, comment, input, good(), 0),
                false => draft.invalid(rule, comment, input, "malformed", &["IdentifierTrick"]),
            }
        }
    }
    for version in 0..16 {
        let text = format!("5a221722-36c4-{version:x}1ee-be56-0242ac120002");
        let comment = format!("version {version}");
        versioned(&mut draft, &text, &comment, (1..=5).contains(&version));
    }
    for variant in 0..16 {
        let text = format!("5a221722-36c4-41ee-{variant:x}e56-0242ac120002");
        let comment = format!("variant digit {variant:x}");
        versioned(&mut draft, &text, &comment, (8..=11).contains(&variant));
    }
    draft
}

fn versioned(draft: &mut Draft<Identifier>, text: &str, comment: &str, accepted: bool) {
    let bytes: Vec<u8> = hex::decode(text.replace('-', "")).unwrap_or_default();
    let s64 = written(&bytes).s64;
    for text in [text, s64.as_str()] {
        let input = identifier::Input { text: text.to_owned(), form: Form::Any };
        if accepted {
            let hyphenated = match text.len() {
                36 => text.to_owned(),
                _ => hyphenated_form(&bytes),
            };
            let output = identifier::Output { hyphenated, s64: s64.clone() };
            draft.valid("UUID-01", comment, input, output, 0);
        } else {
            draft.invalid("UUID-01", comment, input, "malformed", &["IdentifierTrick"]);
        }
    }
}

/// The hyphenated form of 16 bytes.
fn hyphenated_form(bytes: &[u8]) -> String {
    let digits = hex::encode(bytes);
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
    groups.map(|group| digits.get(group).unwrap_or_default().to_owned()).join("-")
}
