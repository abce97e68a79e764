//! BSON in bounds: a document is checked as a whole before anything of it is read, and written without stray copies of secrets.
//!
//! The parsing is the `bson` crate's; what stands here are the bounds of FILE-03 and a small typed view.

use crate::{Coded, SecretVec};
use bson::raw::{CStr, CString, RawArray, RawBinaryRef, RawBsonRef, RawDocument, RawDocumentBuf, cstr};
use bson::spec::{BinarySubtype, ElementType};

/// Documents nested deeper than this are refused (FILE-03).
pub const MAX_DEPTH: usize = 16;

/// The bytes are not one BSON document within the bounds, or a field is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a BSON document in bounds")]
pub struct BsonError;

impl Coded for BsonError {
    fn code(&self) -> &'static str {
        "malformed"
    }
}

/// A checked document: lengths within the input, known element types only, nesting of at most [`MAX_DEPTH`].
#[derive(Clone, Copy)]
pub struct Document<'a>(&'a RawDocument);

/// One value of a document.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Value<'a> {
    /// UTF-8 string, 0x02.
    String(&'a str),
    /// Binary of any subtype, 0x05.
    Binary(&'a [u8]),
    /// Embedded document, 0x03.
    Document(Document<'a>),
    /// Array, 0x04: its values in order; the element names do not matter.
    Array(Array<'a>),
    /// 32-bit or 64-bit integer, 0x10 or 0x12.
    Integer(i64),
    /// Boolean, 0x08.
    Boolean(bool),
    /// Null, 0x0A.
    Null,
    /// Any other known type.
    Other,
}

/// The values of an array of a checked document.
#[derive(Clone, Copy)]
pub struct Array<'a>(&'a RawArray);

impl<'a> Document<'a> {
    /// Checks that `bytes` are exactly one document within the bounds.
    ///
    /// # Errors
    /// [`BsonError`] for wrong lengths, trailing bytes, unknown types, invalid UTF-8, or too deep nesting.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BsonError> {
        let document = RawDocument::from_bytes(bytes).map_err(|_| BsonError)?;
        check(document, MAX_DEPTH)?;
        Ok(Self(document))
    }

    /// The value of the field `name`, `None` if there is none.
    ///
    /// # Errors
    /// [`BsonError`] if the field stands there twice: readers would disagree on which one counts.
    pub fn get(&self, name: &str) -> Result<Option<Value<'a>>, BsonError> {
        let mut found = None;
        for (field, value) in self.fields() {
            if field == name && found.replace(value).is_some() {
                return Err(BsonError);
            }
        }
        Ok(found)
    }

    /// All fields in order.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        // `parse` has visited every element, so none is dropped here.
        self.0.iter().filter_map(Result::ok).map(|(name, value)| (name.as_str(), Value::of(value)))
    }
}

impl<'a> Array<'a> {
    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        self.0.into_iter().filter_map(Result::ok).map(Value::of)
    }
}

impl<'a> Value<'a> {
    fn of(raw: RawBsonRef<'a>) -> Self {
        match raw {
            RawBsonRef::String(text) => Self::String(text),
            RawBsonRef::Binary(binary) => Self::Binary(binary.bytes),
            RawBsonRef::Document(document) => Self::Document(Document(document)),
            RawBsonRef::Array(array) => Self::Array(Array(array)),
            RawBsonRef::Int32(number) => Self::Integer(number.into()),
            RawBsonRef::Int64(number) => Self::Integer(number),
            RawBsonRef::Boolean(flag) => Self::Boolean(flag),
            RawBsonRef::Null => Self::Null,
            _ => Self::Other,
        }
    }
}

fn check(document: &RawDocument, depth: usize) -> Result<(), BsonError> {
    let deeper = depth.checked_sub(1).ok_or(BsonError)?;
    for element in document {
        let (_, value) = element.map_err(|_| BsonError)?;
        check_value(value, deeper)?;
    }
    Ok(())
}

fn check_value(value: RawBsonRef<'_>, depth: usize) -> Result<(), BsonError> {
    match value {
        RawBsonRef::Document(inner) => check(inner, depth),
        RawBsonRef::Array(array) => {
            let deeper = depth.checked_sub(1).ok_or(BsonError)?;
            array.into_iter().try_for_each(|item| check_value(item.map_err(|_| BsonError)?, deeper))
        }
        _ => Ok(()),
    }
}

/// Writes a document field by field into one buffer that never moves while it is large enough, so that no stray copy stays behind.
///
/// Field names are literals without NUL.
///
/// ```
/// use sealwright_types::bson::{Document, Value, Writer};
///
/// let bytes = Writer::with_capacity(64).string("v", "1").finish();
/// let document = Document::parse(bytes.expose())?;
/// assert!(matches!(document.get("v")?, Some(Value::String("1"))));
/// # Ok::<(), sealwright_types::bson::BsonError>(())
/// ```
pub struct Writer(RawDocumentBuf);

crate::redacted_debug!(Writer);

impl Writer {
    /// An empty document with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        const EMPTY: [u8; 5] = [5, 0, 0, 0, 0];
        let mut buffer = Vec::with_capacity(capacity.max(EMPTY.len()));
        buffer.extend_from_slice(&EMPTY);
        Self(RawDocumentBuf::from_bytes(buffer).unwrap_or_default())
    }

    /// Appends a UTF-8 string.
    pub fn string(mut self, name: &'static str, text: &str) -> Self {
        self.0.append(field(name), text);
        self
    }

    /// Appends an array of UTF-8 strings.
    pub fn strings(mut self, name: &'static str, texts: &[impl AsRef<str>]) -> Self {
        const PER_ELEMENT: usize = 16;
        let capacity = texts.iter().map(|text| text.as_ref().len().saturating_add(PER_ELEMENT)).sum();
        let mut array = Self::with_capacity(capacity);
        for (index, text) in texts.iter().enumerate() {
            array.0.append(index_field(index), text.as_ref());
        }
        let type_at = self.0.as_bytes().len().saturating_sub(1);
        self.0.append(field(name), &array.0);
        array.finish();
        self.retyped(type_at, ElementType::Array)
    }

    /// An array is a document of another element type: the library builds arrays only in a buffer that it does not give back to be wiped.
    fn retyped(self, type_at: usize, element: ElementType) -> Self {
        let mut bytes = self.0.into_bytes();
        if let Some(byte) = bytes.get_mut(type_at) {
            *byte = element as u8;
        }
        Self(RawDocumentBuf::from_bytes(bytes).unwrap_or_default())
    }

    /// Appends binary data of the generic subtype.
    pub fn binary(mut self, name: &'static str, bytes: &[u8]) -> Self {
        self.0.append(field(name), RawBinaryRef { subtype: BinarySubtype::Generic, bytes });
        self
    }

    /// Appends a 32-bit integer.
    pub fn int32(mut self, name: &'static str, number: i32) -> Self {
        self.0.append(field(name), number);
        self
    }

    /// Appends a boolean.
    pub fn boolean(mut self, name: &'static str, flag: bool) -> Self {
        self.0.append(field(name), flag);
        self
    }

    /// Appends an embedded document.
    pub fn document(mut self, name: &'static str, document: Writer) -> Self {
        self.0.append(field(name), &document.0);
        document.finish();
        self
    }

    /// The document's bytes.
    pub fn finish(self) -> SecretVec {
        SecretVec::from(self.0.into_bytes())
    }
}

fn field(name: &'static str) -> &'static CStr {
    name.try_into().unwrap_or(cstr!(""))
}

fn index_field(index: usize) -> CString {
    index.to_string().try_into().unwrap_or_else(|_| cstr!("").into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(depth: usize) -> SecretVec {
        let mut writer = Writer::with_capacity(0).int32("leaf", 1);
        for _ in 1..depth {
            writer = Writer::with_capacity(0).document("d", writer);
        }
        writer.finish()
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(Document::parse(nested(MAX_DEPTH).expose()).is_ok());
        assert!(Document::parse(nested(MAX_DEPTH + 1).expose()).is_err());
    }

    #[test]
    fn truths_are_read_as_they_were_written() {
        let written = Writer::with_capacity(0).boolean("yes", true).boolean("no", false).finish();
        let document = Document::parse(written.expose()).unwrap();
        let truths: Vec<_> = document
            .fields()
            .map(|(name, value)| (name, matches!(value, Value::Boolean(true)), matches!(value, Value::Boolean(false))))
            .collect();
        assert_eq!(truths, [("yes", true, false), ("no", false, true)]);
    }

    #[test]
    fn trailing_bytes_truncation_and_unknown_types_are_refused() {
        let good = Writer::with_capacity(0).string("mid", "x").boolean("b", true).finish().into_exposed();
        assert!(Document::parse(&good).is_ok());
        for length in 0..good.len() {
            assert!(Document::parse(&good[..length]).is_err(), "{length}");
        }
        assert!(Document::parse(&[&good[..], &[0]].concat()).is_err());
        let mut unknown = good;
        unknown[4] = 0x20;
        assert!(Document::parse(&unknown).is_err());
    }

    #[test]
    fn a_repeated_field_is_an_error_only_for_who_asks_for_it() {
        let bytes = Writer::with_capacity(0).int32("a", 1).int32("a", 2).int32("b", 3).finish();
        let document = Document::parse(bytes.expose()).unwrap();
        assert!(document.get("a").is_err());
        assert!(matches!(document.get("b"), Ok(Some(Value::Integer(3)))));
        assert!(matches!(document.get("c"), Ok(None)));
    }

    #[test]
    fn arrays_keep_their_order() {
        let bytes = Writer::with_capacity(0).strings("keys", &["x", "y", "z"]).finish();
        let document = Document::parse(bytes.expose()).unwrap();
        let Ok(Some(Value::Array(array))) = document.get("keys") else { panic!("an array") };
        let texts: Vec<_> =
            array.values().map(|value| if let Value::String(text) = value { text } else { "?" }).collect();
        assert_eq!(texts, ["x", "y", "z"]);
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            if let Ok(document) = Document::parse(&bytes) {
                document.fields().for_each(drop);
            }
        }

        #[test]
        fn strings_and_binary_round_trip(text: String, bytes: Vec<u8>) {
            let written = Writer::with_capacity(16).string("t", &text).binary("b", &bytes).finish();
            let document = Document::parse(written.expose()).unwrap();
            prop_assert!(matches!(document.get("t"), Ok(Some(Value::String(read))) if read == text));
            prop_assert!(matches!(document.get("b"), Ok(Some(Value::Binary(read))) if read == bytes));
        }
    }
}
