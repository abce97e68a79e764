//! Text that came out of a file, made harmless for a terminal: no escape sequence, no reversed writing direction, one line.

use std::borrow::Cow;

/// `text` with control characters and writing-direction marks written as `\u{…}`, in one line.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_dangerous)
}

/// As [`line()`], but line breaks and tabs stay.
pub(crate) fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| !matches!(character, '\n' | '\t') && is_dangerous(character))
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

fn is_dangerous(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_reaches_the_terminal_as_a_command() {
        assert_eq!(line("plain é 日本.txt"), "plain é 日本.txt");
        assert_eq!(line("a\nb\x1b[31mred\u{202e}gpj.exe\u{9b}"), r"a\nb\u{1b}[31mred\u{202e}gpj.exe\u{9b}");
        assert_eq!(lines("one\n\ttwo\x07"), "one\n\ttwo\\u{7}");
    }
}
