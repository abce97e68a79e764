//! TMR accesses: a session for whoever proves an e-mail address or a telephone number and holds the over-encryption key (docs/spec/SESSIONS.md section 7).

use crate::share::{ShareError, UnverifiedDevice, wrap_for_unverified};
use sealwright_envelope::SymKey;
use sealwright_kdf::value::AuthFactor;
use sealwright_types::{Coded, SessionId, TmrAccessId, UserId};
use sealwright_wrap::record::{self, AuthFactorKind, DeviceToken, TmrAccess};
use sealwright_wrap::symmetric;

/// Which accesses are meant; what is `None` does not narrow (TMR-01).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TmrFilter {
    /// The factor that the caller has proved. A service knows it from the token and gives no other accesses.
    pub auth_factor: Option<AuthFactor>,
    /// Accesses to this session.
    pub session: Option<SessionId>,
    /// Accesses that this user created.
    pub creator: Option<UserId>,
    /// This access.
    pub access: Option<TmrAccessId>,
}

/// What to do when several accesses match (TMR-02).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMultiple {
    /// Refuse.
    Refuse,
    /// Try every one until one opens: `try_if_multiple`.
    TryAll,
}

/// A session that a TMR access opened. It manages nothing until the access is converted (TMR-04).
#[derive(Debug)]
pub struct TmrSession {
    /// The session.
    pub session: SessionId,
    /// Its key.
    pub key: SymKey,
    /// The access that opened it.
    pub access: TmrAccessId,
}

/// Whether the service deletes accesses that were converted. Other implementations do by default (TMR-03).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterConversion {
    /// They are deleted: `delete_on_convert`.
    #[default]
    Delete,
    /// They stay.
    Keep,
}

/// What a conversion of accesses publishes (TMR-03).
#[derive(Debug)]
pub struct TmrConversion {
    /// The accesses that opened, each with its tokens for all own devices: `converted`, `message_tokens`.
    pub converted: Vec<ConvertedAccess>,
    /// What becomes of them: `delete_on_convert`.
    pub after: AfterConversion,
    /// Accesses that this over-encryption key did not open: they stay as they are.
    pub closed: Vec<TmrAccessId>,
}

/// An access and the tokens that it was converted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvertedAccess {
    /// The access: `tmr_key_id`.
    pub access: TmrAccessId,
    /// The tokens: `device_tokens`.
    pub tokens: Vec<DeviceToken>,
}

/// Why no access gave a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TmrError {
    /// No access matches.
    #[error("no TMR access matches")]
    NoToken,
    /// Several match, and the caller did not ask for all of them to be tried (TMR-02).
    #[error("{matches} TMR accesses match (TMR-02)")]
    Several {
        /// How many.
        matches: usize,
    },
    /// The over-encryption key opens none of them: the wrong key, or damaged data.
    #[error("rejected: wrong key or damaged data")]
    Rejected,
}

impl Coded for TmrError {
    fn code(&self) -> &'static str {
        match self {
            Self::NoToken => "no-token",
            Self::Several { .. } => "several-tmr-accesses",
            Self::Rejected => "rejected",
        }
    }
}

/// Wraps a session's key for the holder of a factor and of an over-encryption key (TMR-01, WRAP-03).
///
/// # Errors
/// [`ShareError::Seal`] if one of the keys has fewer than 64 bytes.
pub fn create_tmr_access(
    id: TmrAccessId,
    session: SessionId,
    session_key: &SymKey,
    auth_factor: &AuthFactor,
    over_encryption_key: &SymKey,
) -> Result<TmrAccess, ShareError> {
    let data = symmetric::wrap(session_key, over_encryption_key)?.into();
    let auth_factor = Some(recorded(auth_factor));
    Ok(TmrAccess { session_id: session, tmr_access_id: id, auth_factor, creator: None, data, revoked: false })
}

/// Opens the session of the one access that matches, or of the first that opens (TMR-01, TMR-02). Revoked accesses do not match.
///
/// # Errors
/// [`TmrError`].
pub fn retrieve_by_tmr(
    accesses: &[TmrAccess],
    filter: &TmrFilter,
    over_encryption_key: &SymKey,
    if_multiple: IfMultiple,
) -> Result<TmrSession, TmrError> {
    let matches: Vec<_> = accesses.iter().filter(|access| filter.matches(access)).collect();
    match matches.len() {
        0 => return Err(TmrError::NoToken),
        1 => {}
        matches if if_multiple == IfMultiple::Refuse => return Err(TmrError::Several { matches }),
        _ => {}
    }
    let opened = matches.into_iter().find_map(|access| {
        let key = symmetric::unwrap(&access.data, over_encryption_key).ok()?;
        Some(TmrSession { session: access.session_id, key, access: access.tmr_access_id })
    });
    opened.ok_or(TmrError::Rejected)
}

/// Turns all accesses that an over-encryption key opens into tokens for all own devices (TMR-03). Revoked accesses are left out.
///
/// # Errors
/// [`ShareError`] if a key cannot be wrapped.
pub fn convert_tmr_accesses(
    accesses: &[TmrAccess],
    over_encryption_key: &SymKey,
    own_devices: &[UnverifiedDevice],
    after: AfterConversion,
) -> Result<TmrConversion, ShareError> {
    let (mut converted, mut closed) = (Vec::new(), Vec::new());
    for access in accesses.iter().filter(|access| !access.revoked) {
        match symmetric::unwrap(&access.data, over_encryption_key) {
            Ok(key) => converted.push(ConvertedAccess {
                access: access.tmr_access_id,
                tokens: wrap_for_unverified(access.session_id, &key, own_devices)?,
            }),
            Err(_) => closed.push(access.tmr_access_id),
        }
    }
    Ok(TmrConversion { converted, after, closed })
}

impl TmrFilter {
    fn matches(&self, access: &TmrAccess) -> bool {
        !access.revoked
            && self.auth_factor.as_ref().is_none_or(|factor| access.auth_factor == Some(recorded(factor)))
            && self.session.is_none_or(|session| access.session_id == session)
            && self.access.is_none_or(|id| access.tmr_access_id == id)
            && self.creator.is_none_or(|creator| access.creator == Some(creator))
    }
}

/// A factor as it stands in a record.
pub(crate) fn recorded(factor: &AuthFactor) -> record::AuthFactor {
    let kind = if factor.type_name() == "EM" { AuthFactorKind::Email } else { AuthFactorKind::Sms };
    record::AuthFactor { kind, value: factor.value().to_owned() }
}
