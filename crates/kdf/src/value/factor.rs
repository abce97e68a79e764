//! Authentication by a second channel: the factor and the challenge sent to it (VAL-07, VAL-08).

use super::BadValue;
use crate::SecretText;
use crate::text::LONGEST_TEXT;
use zeroize::ZeroizeOnDrop;

/// Where a challenge is sent: an e-mail address or a telephone number of at most 1,024 characters (VAL-07).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthFactor {
    kind: Kind,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Email,
    Sms,
}

impl AuthFactor {
    /// An e-mail address in the form that HTML defines for an e-mail input, turned to lower case.
    ///
    /// # Errors
    /// [`BadValue`] for any other text.
    pub fn email(text: &str) -> Result<Self, BadValue> {
        BadValue::unless(text.len() <= LONGEST_TEXT && is_email(text), "VAL-07")?;
        Ok(Self { kind: Kind::Email, value: text.to_ascii_lowercase() })
    }

    /// A telephone number, `^\+[0-9]+$`.
    ///
    /// # Errors
    /// [`BadValue`] for any other text.
    pub fn sms(text: &str) -> Result<Self, BadValue> {
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        BadValue::unless(text.len() <= LONGEST_TEXT && text.strip_prefix('+').is_some_and(is_number), "VAL-07")?;
        Ok(Self { kind: Kind::Sms, value: text.to_owned() })
    }

    /// The field `type`: `EM` or `SMS`.
    pub const fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Email => "EM",
            Kind::Sms => "SMS",
        }
    }

    /// The field `value`.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// The answer to a challenge: eight of the characters that nobody mistakes for another, without i, l, o, 0 and 1 (VAL-08).
#[derive(ZeroizeOnDrop)]
pub struct Challenge(SecretText);

sealwright_types::redacted_debug!(Challenge);

impl Challenge {
    /// Characters of a challenge.
    pub const LENGTH: usize = 8;

    /// Takes `^[abcdefghjkmnpqrstuvwxyz23456789]{8}$`.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn new(text: &str) -> Result<Self, BadValue> {
        let clear = |byte| matches!(byte, b'a'..=b'z' | b'2'..=b'9') && !matches!(byte, b'i' | b'l' | b'o');
        BadValue::unless(text.len() == Self::LENGTH && text.bytes().all(clear), "VAL-08")?;
        Ok(Self(SecretText::from(text.to_owned())))
    }

    /// The text that is sent.
    pub const fn text(&self) -> &SecretText {
        &self.0
    }
}

/// A valid e-mail address of the HTML standard: dot-atom with dots anywhere, `@`, labels of letters, digits and inner hyphens.
fn is_email(text: &str) -> bool {
    let atom = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && local.bytes().all(atom) && domain.split('.').all(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_address_is_lower_cased_and_checked_as_a_whole() {
        let factor = AuthFactor::email("Zoe.O'Neil+Tag@Mail.Example.COM").unwrap();
        assert_eq!((factor.type_name(), factor.value()), ("EM", "zoe.o'neil+tag@mail.example.com"));
        assert!(AuthFactor::email("a@b.c").is_ok());
        let longest = format!("{}@b.c", "a".repeat(1020));
        assert!(AuthFactor::email(&longest).is_ok() && AuthFactor::email(&format!("a{longest}")).is_err());
        for bad in
            ["", "a", "@b.c", "a@", "a@b..c", "a@-b.c", "a@b-.c", "a@b@c", " a@b.c", "a@b.c\n", "a b@c.d", "\u{e9}@b.c"]
        {
            assert_eq!(AuthFactor::email(bad), Err(BadValue::of("VAL-07")), "{bad:?}");
        }
    }

    #[test]
    fn a_telephone_number_is_plus_and_digits() {
        let factor = AuthFactor::sms("+33612345678").unwrap();
        assert_eq!((factor.type_name(), factor.value()), ("SMS", "+33612345678"));
        for bad in ["", "+", "0612345678", "+33 6", "+33\n", "++33", "+\u{663}", &format!("+{}", "1".repeat(1024))] {
            assert_eq!(AuthFactor::sms(bad), Err(BadValue::of("VAL-07")), "{bad:?}");
        }
    }

    #[test]
    fn a_challenge_has_eight_clear_characters() {
        assert_eq!(Challenge::new("abcxyz29").unwrap().text().expose(), "abcxyz29");
        for bad in ["", "abcdefg", "abcdefghj", "Abcdefgh", "abcdefg\n"] {
            assert!(Challenge::new(bad).is_err(), "{bad:?}");
        }
        let refused: String =
            (0..=127_u8).map(char::from).filter(|c| Challenge::new(&c.to_string().repeat(8)).is_err()).collect();
        let taken = 128 - refused.len();
        assert_eq!(taken, 31);
        assert!("ilo01".chars().all(|c| refused.contains(c)));
    }
}
