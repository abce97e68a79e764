//! The blob service: write-once, with a time to live (PROC-80, PROC-81).

use crate::change::Blobs;
use crate::storage::{Storage, StorageError, Table, Transaction};
use crate::text::Commitment;
use sealwright_types::{Coded, Cursor};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A request to keep a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutRequest {
    /// Its name.
    pub key: Commitment,
    /// Its bytes.
    pub value: Vec<u8>,
    /// How many seconds it has to be kept.
    pub ttl: Option<u64>,
}

/// What the service does when a request names no time to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// A day.
    Temporary,
    /// For ever.
    Permanent,
}

/// A request to the blob service was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The request is no JSON object.
    #[error("no JSON object (PROC-80)")]
    Malformed,
    /// A member that no request has.
    #[error("a member that is not known (PROC-80)")]
    UnknownField,
    /// The key is not 64 hexadecimal digits.
    #[error("a key has 64 lower-case hexadecimal digits (PROC-80)")]
    BadKey,
    /// The value is empty or no whole number of bytes in hexadecimal.
    #[error("a value is hexadecimal, at least one byte (PROC-80)")]
    BadValue,
    /// A time to live outside of 60 to 31,536,000 seconds.
    #[error("a time to live is 60 to 31536000 seconds (PROC-80)")]
    BadTtl,
    /// Other bytes have this name.
    #[error("other bytes have this name: stores are write-once (PROC-81)")]
    Conflict,
    /// There is no such blob, or not any more.
    #[error("there is no such blob (PROC-81)")]
    NotFound,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Coded for BlobError {
    fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownField => "unknown-field",
            Self::BadKey => "bad-key",
            Self::BadValue => "bad-value",
            Self::BadTtl => "bad-ttl",
            Self::Conflict => "conflict",
            Self::NotFound => "not-found",
            Self::Storage(error) => error.code(),
        }
    }
}

/// Seconds of a day.
const DAY: u64 = 86_400;
const TTL: std::ops::RangeInclusive<u64> = 60..=31_536_000;
/// The expiry of what is kept for ever.
const NEVER: u64 = u64::MAX;

impl PutRequest {
    /// Reads the JSON of a request.
    ///
    /// # Errors
    /// [`BlobError`]: what is checked first is whether all members are known, then key, value, time to live.
    pub fn from_json(text: &str) -> Result<Self, BlobError> {
        let mut members: BTreeMap<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|_| BlobError::Malformed)?;
        let mut take = |name| members.remove(name);
        let (key, value, ttl) = (take("key"), take("value"), take("ttl"));
        if !members.is_empty() {
            return Err(BlobError::UnknownField);
        }
        let key = key.and_then(|key| Commitment::deserialize(key).ok()).ok_or(BlobError::BadKey)?;
        let value = value.and_then(|value| hex::decode(value.as_str()?).ok()).filter(|value| !value.is_empty());
        let value = value.ok_or(BlobError::BadValue)?;
        let ttl = match ttl {
            Some(ttl) => Some(ttl.as_u64().filter(|ttl| TTL.contains(ttl)).ok_or(BlobError::BadTtl)?),
            None => None,
        };
        Ok(Self { key, value, ttl })
    }
}

/// Keeps a blob; `now` counts seconds.
///
/// # Errors
/// [`BlobError::BadValue`], [`BlobError::BadTtl`], [`BlobError::Conflict`], [`BlobError::Storage`]. Putting the same bytes again is a success.
pub fn put(storage: &mut impl Storage, request: &PutRequest, retention: Retention, now: u64) -> Result<(), BlobError> {
    let expiry = match (request.ttl, retention) {
        (Some(ttl), _) if !TTL.contains(&ttl) => return Err(BlobError::BadTtl),
        (Some(ttl), _) => now.saturating_add(ttl),
        (None, Retention::Temporary) => now.saturating_add(DAY),
        (None, Retention::Permanent) => NEVER,
    };
    let mut transaction = storage.begin()?;
    put_entry(&mut transaction, &request.key, &request.value, expiry, now)?;
    Ok(transaction.commit()?)
}

/// Keeps a blob for ever, as a part of a greater change.
pub(crate) fn put_for_ever(
    transaction: &mut impl Transaction,
    key: &Commitment,
    value: &[u8],
    now: u64,
) -> Result<(), BlobError> {
    put_entry(transaction, key, value, NEVER, now)
}

/// Keeps a blob for ever in the place of one that was shown to be damaged.
pub(crate) fn replace(transaction: &mut impl Transaction, key: &Commitment, value: &[u8]) -> Result<(), BlobError> {
    Ok(transaction.put(Table::Data, key.as_bytes(), &[&NEVER.to_le_bytes(), value].concat())?)
}

fn put_entry(
    transaction: &mut impl Transaction,
    key: &Commitment,
    value: &[u8],
    mut expiry: u64,
    now: u64,
) -> Result<(), BlobError> {
    if value.is_empty() {
        return Err(BlobError::BadValue);
    }
    if let Some(entry) = transaction.get(Table::Data, key.as_bytes())?
        && let Some((kept_until, present)) = parse(entry.expose(), now)
    {
        if present != value {
            return Err(BlobError::Conflict);
        }
        // Of two wishes the longer one.
        expiry = expiry.max(kept_until);
    }
    Ok(transaction.put(Table::Data, key.as_bytes(), &[&expiry.to_le_bytes(), value].concat())?)
}

/// Gives a blob that has not expired; `now` counts seconds.
///
/// # Errors
/// [`BlobError::NotFound`], also for what has expired; [`BlobError::Storage`].
pub fn get(storage: &impl Storage, key: &Commitment, now: u64) -> Result<Vec<u8>, BlobError> {
    let entry = storage.get(Table::Data, key.as_bytes())?.ok_or(BlobError::NotFound)?;
    parse(entry.expose(), now).map(|(_, value)| value.to_vec()).ok_or(BlobError::NotFound)
}

/// Expiry and value of an entry; `None` when it has expired.
fn parse(entry: &[u8], now: u64) -> Option<(u64, &[u8])> {
    let mut cursor = Cursor::new(entry);
    let expiry = u64::from_le_bytes(cursor.array().ok()?);
    (expiry == NEVER || now < expiry).then(|| (expiry, cursor.rest()))
}

/// The blobs of a storage at one time.
#[derive(Debug)]
pub struct BlobsOf<'a, S> {
    /// Where they are.
    pub storage: &'a S,
    /// The time in seconds.
    pub now: u64,
}

impl<S: Storage> Blobs for BlobsOf<'_, S> {
    fn blob(&self, name: &Commitment) -> Option<Vec<u8>> {
        get(self.storage, name, self.now).ok()
    }
}
