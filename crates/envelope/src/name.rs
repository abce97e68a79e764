//! File names that came out of an envelope: made safe before anything uses them as a name (TAR-21, TAR-22, FILE-32).

use sealwright_types::Malformed;

/// The longest file name in bytes.
pub const LONGEST: usize = 255;

/// The name of a file as it was stored, and what may be used as a name on any system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As stored: may hold separators, `..`, control characters. Never make a path of it.
    pub raw: String,
    /// The safe name of TAR-22.
    pub safe: String,
}

impl Name {
    /// Reads a stored name.
    ///
    /// # Errors
    /// [`Malformed`] when it holds NUL or is not UTF-8.
    pub fn new(raw: Vec<u8>) -> Result<Self, Malformed> {
        let malformed = Malformed::new(0, "TAR-22");
        let raw = String::from_utf8(raw).map_err(|_| malformed)?;
        if raw.contains('\0') {
            return Err(malformed);
        }
        Ok(Self { safe: safe(&raw), raw })
    }
}

/// The safe form of a name (TAR-22): the last path element, no control or reserved characters, no reserved device name, at most 255 bytes.
pub fn safe(raw: &str) -> String {
    let last = raw.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default();
    let cleaned: String = last.chars().map(|character| if is_unsafe(character) { '_' } else { character }).collect();
    // What the cut leaves may be reserved when the whole was not: CON, 252 spaces and something else.
    match short(&cleaned) {
        "" => "unnamed".to_owned(),
        name if is_reserved(name) => short(&format!("_{name}")).to_owned(),
        name => name.to_owned(),
    }
}

/// `name (n).ext`: the n-th alternative of a name that is taken, cut so that the whole stays within 255 bytes (FILE-32, EGR-31).
/// The extension runs from the last dot; a leading dot is none.
///
/// ```
/// use sealwright_envelope::name::numbered;
///
/// assert_eq!(numbered("two.dots.tar.gz", 1), "two.dots.tar (1).gz");
/// assert_eq!(numbered(".hidden", 2), ".hidden (2)");
/// ```
pub fn numbered(name: &str, number: u64) -> String {
    numbered_within(name, number, LONGEST)
}

/// As [`numbered`], for a whole of at most `longest` bytes.
pub fn numbered_within(name: &str, number: u64, longest: usize) -> String {
    let dot = name.rfind('.').filter(|&dot| dot > 0).unwrap_or(name.len());
    let (stem, extension) = name.split_at_checked(dot).unwrap_or((name, ""));
    let suffix = format!(" ({number})");
    // An extension that leaves no room for a stem is not kept whole either.
    let room = longest.saturating_sub(suffix.len()).saturating_sub(1);
    let extension = if extension.len() > room { trimmed(cut(extension, room)) } else { extension };
    let stem = cut(stem, longest.saturating_sub(suffix.len()).saturating_sub(extension.len()));
    format!("{stem}{suffix}{extension}")
}

fn short(name: &str) -> &str {
    trimmed(cut(trimmed(name), LONGEST))
}

/// The longest beginning of at most `longest` bytes that ends at a character.
fn cut(text: &str, longest: usize) -> &str {
    text.get(..text.floor_char_boundary(longest)).unwrap_or(text)
}

/// Without dots and spaces at its end, which some systems drop from a name.
fn trimmed(name: &str) -> &str {
    name.trim_end_matches(['.', ' '])
}

fn is_unsafe(character: char) -> bool {
    matches!(character, '\0'..='\u{1f}' | '\u{7f}' | '<' | '>' | ':' | '"' | '|' | '?' | '*')
}

fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end_matches(' ').to_ascii_uppercase();
    let numbered = |prefix| stem.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_safe_name_of_everything_that_was_ever_tried() {
        let long = "é".repeat(200);
        for (raw, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system.ini", "system.ini"),
            ("/absolute", "absolute"),
            ("folder/", "folder"),
            ("folder\\\\//", "folder"),
            ("..", "unnamed"),
            (".", "unnamed"),
            ("", "unnamed"),
            ("///", "unnamed"),
            ("...", "unnamed"),
            ("a/..", "unnamed"),
            (" . ", "unnamed"),
            (".hidden", ".hidden"),
            ("dots... ", "dots"),
            ("a<b>c:d\"e|f?g*h", "a_b_c_d_e_f_g_h"),
            ("line\nbreak\u{7f}", "line_break_"),
            ("con", "_con"),
            ("Con.txt", "_Con.txt"),
            ("COM1.tar.gz", "_COM1.tar.gz"),
            ("com0", "com0"),
            ("com10", "com10"),
            ("LPT9", "_LPT9"),
            ("nul .txt", "_nul .txt"),
            ("console", "console"),
            ("日本.txt", "日本.txt"),
            (&long, &"é".repeat(127)),
            // What the cut leaves at the end is trimmed again.
            (&format!("{}. .x", "a".repeat(252)), &"a".repeat(252)),
            (&format!("con{}x", " ".repeat(252)), "_con"),
            (&format!("con{}", "x".repeat(252)), &format!("con{}", "x".repeat(252))),
            (&format!("con.{}", "x".repeat(252)), &format!("_con.{}", "x".repeat(250))),
        ] {
            assert_eq!(safe(raw), expected, "{raw:?}");
        }
    }

    #[test]
    fn nul_and_invalid_utf8_are_no_names() {
        for raw in [&b"a\0b"[..], b"\xff", b"\xc3"] {
            assert_eq!(Name::new(raw.to_vec()), Err(Malformed::new(0, "TAR-22")));
        }
        assert_eq!(Name::new(b"../a".to_vec()).unwrap(), Name { raw: "../a".into(), safe: "a".into() });
    }

    #[test]
    fn numbers_stand_before_the_extension() {
        for (name, expected) in [
            ("plain.txt", "plain (1).txt"),
            ("noext", "noext (1)"),
            (".hidden", ".hidden (1)"),
            (".a.b", ".a (1).b"),
            ("end.", "end (1)."),
            // What a cut leaves at the end of an extension is trimmed.
            (&format!("s.{} y", "x".repeat(248)), &format!("s (1).{}", "x".repeat(248))),
        ] {
            assert_eq!(numbered(name, 1), expected);
        }
    }

    proptest! {
        #[test]
        fn a_safe_name_is_one_harmless_path_element(raw: String) {
            let name = safe(&raw);
            prop_assert!(!name.is_empty() && name.len() <= LONGEST && name != "." && name != "..");
            prop_assert!(!name.contains(['/', '\\', '\0', ':']));
            prop_assert_eq!(std::path::Path::new(&name).components().count(), 1);
        }

        #[test]
        fn numbered_names_differ_and_fit(raw in "\\PC{0,300}", number in 1..u64::MAX) {
            let name = safe(&raw);
            let other = numbered(&name, number);
            prop_assert!(other.len() <= LONGEST, "{}", other);
            // A name that fills all bytes and ends with a number already may be its own alternative; whoever looks for a free one goes on.
            prop_assert!(other != name || name.len() > LONGEST - 4);
            prop_assert_ne!(other, numbered(&name, number - 1));
        }
    }
}
