//! Text that came out of a file, made harmless for a terminal: no escape sequence, no reversed writing direction, one line.

use std::borrow::Cow;
use std::io;

/// `text` with control characters and writing-direction marks written as `\u{…}`, in one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_dangerous)
}

/// As [`line()`], but line breaks and tabs stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| !matches!(character, '\n' | '\t') && is_dangerous(character))
}

/// `text` in quotation marks, as [`line()`].
pub(crate) fn quoted(text: &str) -> String {
    line(&format!("{text:?}")).into_owned()
}

/// Writes JSON whose texts have such characters as `\uXXXX`: the same values for a machine, harmless for a terminal.
pub(crate) struct JsonFormatter;

impl serde_json::ser::Formatter for JsonFormatter {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_dangerous(*character)) {
            let (before, after) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            write!(writer, "\\u{:04x}", u32::from(character))?;
            rest = after.strip_prefix(character).unwrap_or_default();
        }
        writer.write_all(rest.as_bytes())
    }
}

fn escaped(text: &str, dangerous: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&dangerous) {
        return Cow::Borrowed(text);
    }
    let escape = |character: char| {
        if dangerous(character) { character.escape_default().to_string() } else { character.to_string() }
    };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Controls, writing directions, and what takes no place: every one of them has at most four hexadecimal digits.
fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_reaches_the_terminal_as_a_command() {
        assert_eq!(line("plain é 日本.txt"), "plain é 日本.txt");
        assert_eq!(line("a\nb\x1b[31mred\u{202e}gpj.exe\u{9b}"), r"a\nb\u{1b}[31mred\u{202e}gpj.exe\u{9b}");
        assert_eq!(line("\u{61c}\u{200b}\u{200d}\u{200f}\u{feff}"), r"\u{61c}\u{200b}\u{200d}\u{200f}\u{feff}");
        assert_eq!(quoted("a\"\u{1b}\\\u{feff}"), r#""a\"\u{1b}\\\u{feff}""#);
        assert_eq!(lines("one\n\ttwo\x07"), "one\n\ttwo\\u{7}");
    }

    #[test]
    fn nothing_of_a_json_text_does_either() {
        let text = "a\u{9b}31m\u{61c}\u{202e}\u{feff}\u{7f} é 日本 😀 \n\"";
        let mut written = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut written, JsonFormatter);
        serde::Serialize::serialize(text, &mut serializer).unwrap();
        let written = String::from_utf8(written).unwrap();
        assert_eq!(written, r#""a\u009b31m\u061c\u202e\ufeff\u007f é 日本 😀 \n\"""#);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
