//! The records of a session as bytes, for stores.
//!
//! One behind the other: length of the rest u32 LE, kind, flags, then what the flags say is there, then the wrapped key to the end. This
//! form is never kept between runs.

use sealwright_types::{Cursor, DeviceId, SessionId, SymEncKeyId, TmrAccessId, Truncated, UserId};
use sealwright_wrap::KeyHash;
use sealwright_wrap::record::{AuthFactor, AuthFactorKind, DeviceToken, ProxyKey, SymEncKeyRecord, TmrAccess, Wrapped};
use std::collections::HashSet;
use std::hash::Hash;

/// The records that lead to one session.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct SessionRecords {
    pub(crate) tokens: Vec<DeviceToken>,
    pub(crate) proxies: Vec<ProxyKey>,
    pub(crate) sym_enc_keys: Vec<SymEncKeyRecord>,
    pub(crate) tmr_accesses: Vec<TmrAccess>,
}

const TOKEN: u8 = 0;
const PROXY: u8 = 1;
const SYM_ENC_KEY: u8 = 2;
const TMR_ACCESS: u8 = 3;

const REVOKED: u8 = 1;
/// A device, or a creator.
const ID: u8 = 2;
const HASH: u8 = 4;
const EMAIL: u8 = 8;
const SMS: u8 = 16;

impl SessionRecords {
    /// Reads what a store gave back. Of equal records, the first one counts.
    pub(crate) fn decode(session_id: SessionId, bytes: &[u8]) -> Result<Self, Truncated> {
        let (mut records, mut cursor) = (Self::default(), Cursor::new(bytes));
        while cursor.remaining() > 0 {
            let length = cursor.u32_le()?;
            let mut record = Cursor::new(cursor.take(length as usize)?);
            let [kind, flags] = record.array()?;
            let revoked = flags & REVOKED != 0;
            match kind {
                TOKEN => records.tokens.push(DeviceToken {
                    session_id,
                    device_id: optional(flags & ID != 0, || id(&mut record, DeviceId::from_bytes))?,
                    created_for_key_hash: optional(flags & HASH != 0, || record.array().map(KeyHash::from_bytes))?,
                    token: rest(record),
                    revoked,
                }),
                PROXY => records.proxies.push(ProxyKey {
                    session_id,
                    proxy_session_id: id(&mut record, SessionId::from_bytes)?,
                    data: rest(record),
                    revoked,
                }),
                SYM_ENC_KEY => records.sym_enc_keys.push(SymEncKeyRecord {
                    session_id,
                    sym_enc_key_id: id(&mut record, SymEncKeyId::from_bytes)?,
                    data: rest(record),
                    revoked,
                }),
                _ => records.tmr_accesses.push(TmrAccess {
                    session_id,
                    tmr_access_id: id(&mut record, TmrAccessId::from_bytes)?,
                    auth_factor: optional(flags & (EMAIL | SMS) != 0, || factor(&mut record, flags))?,
                    creator: optional(flags & ID != 0, || id(&mut record, UserId::from_bytes))?,
                    data: rest(record),
                    revoked,
                }),
            }
        }
        once(&mut records.tokens);
        once(&mut records.proxies);
        once(&mut records.sym_enc_keys);
        once(&mut records.tmr_accesses);
        Ok(records)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
            && self.proxies.is_empty()
            && self.sym_enc_keys.is_empty()
            && self.tmr_accesses.is_empty()
    }
}

pub(crate) fn token(token: &DeviceToken) -> Vec<u8> {
    let (device, hash) = (token.device_id, token.created_for_key_hash);
    let flags = [(device.is_some(), ID), (hash.is_some(), HASH)];
    let device = device.as_ref().map_or(&[][..], |id| id.as_bytes());
    framed(TOKEN, token.revoked, &flags, &[device, hash.as_ref().map_or(&[], |hash| hash.as_bytes()), &token.token])
}

pub(crate) fn proxy(proxy: &ProxyKey) -> Vec<u8> {
    framed(PROXY, proxy.revoked, &[], &[proxy.proxy_session_id.as_bytes(), &proxy.data])
}

pub(crate) fn sym_enc_key(record: &SymEncKeyRecord) -> Vec<u8> {
    framed(SYM_ENC_KEY, record.revoked, &[], &[record.sym_enc_key_id.as_bytes(), &record.data])
}

pub(crate) fn tmr_access(access: &TmrAccess) -> Vec<u8> {
    let factor = access.auth_factor.as_ref();
    let is = |kind| factor.is_some_and(|factor| factor.kind == kind);
    let flags = [(is(AuthFactorKind::Email), EMAIL), (is(AuthFactorKind::Sms), SMS), (access.creator.is_some(), ID)];
    let value = factor.map_or(&[][..], |factor| factor.value.as_bytes());
    let length = (value.len() as u32).to_le_bytes();
    let length = if factor.is_some() { &length[..] } else { &[] };
    let creator = access.creator.as_ref().map_or(&[][..], |id| id.as_bytes());
    framed(TMR_ACCESS, access.revoked, &flags, &[access.tmr_access_id.as_bytes(), length, value, creator, &access.data])
}

fn framed(kind: u8, revoked: bool, flags: &[(bool, u8)], parts: &[&[u8]]) -> Vec<u8> {
    const BEGINNING: usize = 2;
    let length: usize = BEGINNING + parts.iter().map(|part| part.len()).sum::<usize>();
    let set = flags.iter().filter(|(set, _)| *set).fold(u8::from(revoked), |flags, (_, flag)| flags | flag);
    let mut bytes = Vec::with_capacity(length + size_of::<u32>());
    bytes.extend_from_slice(&(length as u32).to_le_bytes());
    bytes.extend_from_slice(&[kind, set]);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

fn optional<T>(is_there: bool, read: impl FnOnce() -> Result<T, Truncated>) -> Result<Option<T>, Truncated> {
    if is_there { read().map(Some) } else { Ok(None) }
}

fn id<T, E>(record: &mut Cursor<'_>, from_bytes: impl FnOnce([u8; 16]) -> Result<T, E>) -> Result<T, Truncated> {
    let at = record.position();
    from_bytes(record.array()?).map_err(|_| Truncated { at, missing: 0 })
}

fn factor(record: &mut Cursor<'_>, flags: u8) -> Result<AuthFactor, Truncated> {
    let length = record.u32_le()?;
    let value = String::from_utf8_lossy(record.take(length as usize)?).into_owned();
    Ok(AuthFactor { kind: if flags & EMAIL != 0 { AuthFactorKind::Email } else { AuthFactorKind::Sms }, value })
}

fn rest(mut record: Cursor<'_>) -> Wrapped {
    record.rest().to_vec().into()
}

/// Keeps the first of equal records.
pub(crate) fn once<T: Eq + Hash>(records: &mut Vec<T>) {
    if records.len() < 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(records.len());
    let mut first = records.iter().map(|record| seen.insert(record)).collect::<Vec<_>>().into_iter();
    records.retain(|_| first.next().unwrap_or(true));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes_of_id() -> impl Strategy<Value = [u8; 16]> {
        any::<[u8; 16]>().prop_map(|mut bytes| {
            bytes[6] = bytes[6] & 0x0f | 0x40;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            bytes
        })
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(
            (session, id, creator) in (bytes_of_id(), bytes_of_id(), proptest::option::of(bytes_of_id())),
            hash: Option<[u8; 32]>, data: Vec<u8>, revoked: bool, value: Option<(bool, String)>,
        ) {
            let session_id = SessionId::from_bytes(session).unwrap();
            let data = Wrapped::from(data);
            let kind = |email| if email { AuthFactorKind::Email } else { AuthFactorKind::Sms };
            let records = SessionRecords {
                tokens: vec![DeviceToken {
                    session_id,
                    device_id: creator.map(|id| DeviceId::from_bytes(id).unwrap()),
                    created_for_key_hash: hash.map(KeyHash::from_bytes),
                    token: data.clone(),
                    revoked,
                }],
                proxies: vec![ProxyKey {
                    session_id, proxy_session_id: SessionId::from_bytes(id).unwrap(), data: data.clone(), revoked,
                }],
                sym_enc_keys: vec![SymEncKeyRecord {
                    session_id, sym_enc_key_id: SymEncKeyId::from_bytes(id).unwrap(), data: data.clone(), revoked,
                }],
                tmr_accesses: vec![TmrAccess {
                    session_id,
                    tmr_access_id: TmrAccessId::from_bytes(id).unwrap(),
                    auth_factor: value.map(|(email, value)| AuthFactor { kind: kind(email), value }),
                    creator: creator.map(|id| UserId::from_bytes(id).unwrap()),
                    data,
                    revoked,
                }],
            };
            let parts = [
                token(&records.tokens[0]), proxy(&records.proxies[0]),
                sym_enc_key(&records.sym_enc_keys[0]), tmr_access(&records.tmr_accesses[0]),
            ];
            let twice = [&parts[..], &parts[..]].concat().concat();
            prop_assert_eq!(SessionRecords::decode(session_id, &twice), Ok(records));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let session = SessionId::from_bytes(*b"\0\0\0\0\0\0\x40\0\x80\0\0\0\0\0\0\0").unwrap();
            let _ = SessionRecords::decode(session, &bytes);
        }
    }
}
