//! HTML in which nothing that came out of a file can become markup: markup is a constant of this program, everything else is escaped.

use std::fmt::{self, Write as _};

/// A text of HTML.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup that stands in the source of this program.
    pub(super) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A text, whatever is in it. What would hide or reorder it is written as `\u{…}`.
    pub(super) fn text(&mut self, text: impl fmt::Display) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(Escaping(&mut self.0), "{text}");
        self
    }

    /// A text that stays one piece in a line of another writing direction.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.markup("<bdi class=\"name\">").text(name).markup("</bdi>")
    }

    /// An element that holds a text only.
    pub(super) fn element(&mut self, open: &'static str, text: impl fmt::Display, close: &'static str) -> &mut Self {
        self.markup(open).text(text).markup(close)
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                character if is_hidden(character) => self.0.extend(character.escape_unicode()),
                character => self.0.push(character),
            }
        }
        Ok(())
    }
}

/// Controls, writing directions, and what takes no place.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_stays_a_text() {
        let mut html = Html::default();
        html.name("</bdi><script>alert('1')</script>\"&amp;\u{202e}gpj.exe\n日本é");
        let expected =
            "&lt;/bdi&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;amp;\\u{202e}gpj.exe\\u{a}日本é";
        assert_eq!(html.into_text(), format!("<bdi class=\"name\">{expected}</bdi>"));
    }

    proptest! {
        #[test]
        fn no_text_contains_markup_or_anything_hidden(text in "\\PC*|[<>&'\"\u{0}-\u{40}\u{200b}-\u{2070}]*") {
            let mut html = Html::default();
            html.text(&text);
            let written = html.into_text();
            prop_assert!(!written.contains(['<', '>', '"', '\'']));
            prop_assert!(!written.contains(is_hidden));
            for entity in written.split('&').skip(1) {
                prop_assert!(["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known)));
            }
        }
    }
}
