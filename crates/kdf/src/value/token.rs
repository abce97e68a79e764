//! Tokens of an application's server: their text forms (VAL-09, VAL-10, KDF-11).

use super::{BadValue, is_lower_hex};
use crate::SecretText;
use sealwright_types::ValidationKeyId;
use sealwright_types::random::{self, RandomError};
use zeroize::ZeroizeOnDrop;

/// Characters of a proof.
const PROOF: usize = 128;

/// The nonce of a token: 64 lower-case hexadecimal digits, of which the characters are the salt (KDF-10). Not secret.
///
/// There are two ways to one: read from a token, or fresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenNonce(String);

impl TokenNonce {
    /// Characters of a nonce.
    pub const LENGTH: usize = 64;

    /// The nonce of an existing token.
    ///
    /// # Errors
    /// [`BadValue`] unless these are 64 lower-case hexadecimal digits (VAL-09).
    pub fn from_token(text: &str) -> Result<Self, BadValue> {
        BadValue::unless(is_lower_hex(text, Self::LENGTH), "VAL-09")?;
        Ok(Self(text.to_owned()))
    }

    /// A fresh nonce of 32 random bytes for a new token.
    ///
    /// # Errors
    /// [`RandomError`] when the operating system's generator fails.
    pub fn random() -> Result<Self, RandomError> {
        let mut bytes = [0; Self::LENGTH / 2];
        random::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    /// The 64 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user license token, `<validation key id>:<nonce, 64 hex>:<proof, 128 hex>`, all lower-case (VAL-09).
///
/// Made by [`user_license_token`](crate::user_license_token). Whoever has it can sign up as its user.
#[derive(Debug)]
pub struct UserLicenseToken {
    id: ValidationKeyId,
    nonce: TokenNonce,
    proof: SecretText,
}

impl UserLicenseToken {
    pub(crate) const fn new(id: ValidationKeyId, nonce: TokenNonce, proof: SecretText) -> Self {
        Self { id, nonce, proof }
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let bad = BadValue::of("VAL-09");
        let (id, rest) = text.split_once(':').ok_or(bad)?;
        let (nonce, proof) = rest.split_once(':').ok_or(bad)?;
        BadValue::unless(is_lower_hex(proof, PROOF), "VAL-09")?;
        Ok(Self {
            id: ValidationKeyId::parse_lower_case(id).map_err(|_| bad)?,
            nonce: TokenNonce::from_token(nonce)?,
            proof: SecretText::from(proof.to_owned()),
        })
    }

    /// The text form, 230 characters.
    pub fn to_text(&self) -> SecretText {
        let id = self.id.to_string();
        SecretText::from([&id, ":", self.nonce.as_str(), ":", self.proof.expose()].concat())
    }

    /// Which validation key made it.
    pub const fn validation_key_id(&self) -> ValidationKeyId {
        self.id
    }

    /// Its nonce.
    pub const fn nonce(&self) -> &TokenNonce {
        &self.nonce
    }

    /// The derived part, lower-case hexadecimal.
    pub const fn proof(&self) -> &SecretText {
        &self.proof
    }
}

/// A pre-validation token (KDF-11), made by [`pre_validation_token`](crate::pre_validation_token).
#[derive(Debug)]
pub struct PreValidationToken {
    id: ValidationKeyId,
    nonce: TokenNonce,
    proof: SecretText,
}

impl PreValidationToken {
    pub(crate) const fn new(id: ValidationKeyId, nonce: TokenNonce, proof: SecretText) -> Self {
        Self { id, nonce, proof }
    }

    /// The field `domain_validation_key_id`.
    pub const fn validation_key_id(&self) -> ValidationKeyId {
        self.id
    }

    /// The field `nonce`.
    pub const fn nonce(&self) -> &TokenNonce {
        &self.nonce
    }

    /// The field `token`: the derived part, lower-case hexadecimal.
    pub const fn proof(&self) -> &SecretText {
        &self.proof
    }
}

/// A JSON Web Token in its compact form, of which only the shape is known: three parts of base64url, the last perhaps empty,
/// `^[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*$` (VAL-10). At most 16,384 characters.
#[derive(ZeroizeOnDrop)]
pub struct JwtText(SecretText);

sealwright_types::redacted_debug!(JwtText);

impl JwtText {
    /// Characters of the longest token.
    pub const LONGEST: usize = 16_384;

    /// Takes the pattern.
    ///
    /// # Errors
    /// [`BadValue`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadValue> {
        let base64url =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let mut parts = text.splitn(3, '.');
        let shaped = text.len() <= Self::LONGEST
            && parts.next().is_some_and(|header| !header.is_empty() && base64url(header))
            && parts.next().is_some_and(|claims| !claims.is_empty() && base64url(claims))
            && parts.next().is_some_and(base64url);
        BadValue::unless(shaped, "VAL-10")?;
        Ok(Self(SecretText::from(text.to_owned())))
    }

    /// The text.
    pub const fn text(&self) -> &SecretText {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "fedcba98-7654-4321-8765-0123456789ab";

    #[test]
    fn a_license_token_has_one_form() {
        let (nonce, proof) = ("0a".repeat(32), "9f".repeat(64));
        let text = format!("{ID}:{nonce}:{proof}");
        let token = UserLicenseToken::parse(&text).unwrap();
        assert_eq!(token.to_text().expose(), text);
        assert_eq!((token.validation_key_id().to_string().as_str(), token.nonce().as_str()), (ID, nonce.as_str()));
        assert_eq!(token.proof().expose(), proof);
        for bad in [
            "",
            ID,
            &format!("{ID}:{nonce}"),
            &text.to_uppercase(),
            &format!("{text}\n"),
            &format!("{text}:"),
            &format!(" {text}"),
            &text.replace("fedcba98-7654-4321", "fedcba98-7654-6321"),
            &format!("{ID}:{}:{proof}", &nonce[1..]),
            &format!("{ID}:{nonce}:{}", &proof[1..]),
            &format!("{ID}:{nonce}:{}g", &proof[1..]),
        ] {
            assert!(UserLicenseToken::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fresh_nonce_is_readable_and_new() {
        let (one, other) = (TokenNonce::random().unwrap(), TokenNonce::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(TokenNonce::from_token(one.as_str()), Ok(one));
    }

    #[test]
    fn a_jwt_is_three_parts_of_base64url() {
        for good in ["eyJ.eyJ.c2ln", "a.b.", "_-.-_.A9"] {
            assert_eq!(JwtText::parse(good).unwrap().text().expose(), good);
        }
        for bad in ["", ".", "a.b", ".b.c", "a..c", "a.b.c.d", "a.b.c=", "a.b.c\n", "a+.b.c", " a.b.c", "\u{e9}.b.c"] {
            assert!(JwtText::parse(bad).is_err(), "{bad:?}");
        }
        let longest = format!("a.b.{}", "c".repeat(JwtText::LONGEST - 4));
        assert!(JwtText::parse(&longest).is_ok() && JwtText::parse(&format!("{longest}c")).is_err());
    }
}
