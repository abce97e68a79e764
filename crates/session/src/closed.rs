//! Why a session stays closed: every reason that was met, and the one to tell first.

use sealwright_types::{Coded, DeviceId, GroupId, SessionId, SymEncKeyId, TmrAccessId};
use sealwright_wrap::KeyHash;
use std::fmt;

/// Why no way led to a session's key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Closed {
    /// One for each record that leads to the session, in the order in which they were tried.
    pub reasons: Vec<Reason>,
}

/// Why one record did not lead to a session's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Reason {
    /// There is no record for the session.
    NoRecord,
    /// A token that no private key at hand opens.
    NoToken {
        /// The device that it names.
        device: Option<DeviceId>,
    },
    /// A token for a group whose private key was not recovered (SES-23).
    GroupKeyMissing {
        /// The group's device.
        device: DeviceId,
        /// The group, where a record tells it.
        group: Option<GroupId>,
        /// The key that the token names.
        wanted: Option<KeyHash>,
    },
    /// A proxy session that is not reached by an own token (PROXY-02, PROXY-03).
    ProxyNotDirect {
        /// The proxy session.
        proxy: SessionId,
    },
    /// A session that is said to be its own proxy (PROXY-05).
    ProxySelf {
        /// The session.
        proxy: SessionId,
    },
    /// A proxy session that nothing reaches.
    ProxyClosed {
        /// The proxy session.
        proxy: SessionId,
    },
    /// A SymEncKey whose password or raw key is not at hand.
    SymEncKeySecretMissing {
        /// The SymEncKey.
        id: SymEncKeyId,
    },
    /// A SymEncKey with a password, but the application's id is not known.
    AppIdMissing {
        /// The SymEncKey.
        id: SymEncKeyId,
    },
    /// A TMR access whose over-encryption key is not at hand.
    OverEncryptionKeyMissing {
        /// The access.
        id: TmrAccessId,
    },
    /// A record that the service has revoked: it was skipped (EMK-14, PROXY-07).
    Revoked,
    /// A wrapped key that its key does not open: the wrong key, or damaged.
    Rejected,
    /// The store of the records failed: there may be more records.
    Unreadable,
}

impl Coded for Reason {
    fn code(&self) -> &'static str {
        match self {
            Self::NoRecord | Self::NoToken { .. } | Self::ProxyClosed { .. } => "no-token",
            Self::Rejected => "rejected",
            Self::Unreadable => "io",
            Self::Revoked => "revoked",
            Self::ProxySelf { .. } => "proxy-self",
            Self::GroupKeyMissing { .. } => "group-key-missing",
            Self::ProxyNotDirect { .. } => "proxy-not-direct",
            Self::SymEncKeySecretMissing { .. } | Self::OverEncryptionKeyMissing { .. } => "no-secret",
            Self::AppIdMissing { .. } => "app-id-missing",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord => f.write_str("no record leads to this session"),
            Self::NoToken { device: Some(device) } => write!(f, "no private key at hand for device {device}"),
            Self::NoToken { device: None } => f.write_str("no private key at hand opens the token"),
            Self::GroupKeyMissing { device, group, wanted } => {
                f.write_str("the private key ")?;
                wanted.iter().try_for_each(|hash| write!(f, "{hash} "))?;
                match group {
                    Some(group) => write!(f, "of group {group} is missing"),
                    None => write!(f, "of the group with device {device} is missing"),
                }
            }
            Self::ProxyNotDirect { proxy } => write!(f, "proxy session {proxy} is not reached directly (PROXY-02)"),
            Self::ProxyClosed { proxy } => write!(f, "nothing reaches proxy session {proxy}"),
            Self::SymEncKeySecretMissing { id } => write!(f, "the password or raw key of SymEncKey {id} is missing"),
            Self::AppIdMissing { id } => write!(f, "the application id for the password of SymEncKey {id} is missing"),
            Self::OverEncryptionKeyMissing { id } => write!(f, "the over-encryption key of TMR access {id} is missing"),
            Self::ProxySelf { proxy } => write!(f, "session {proxy} cannot be its own proxy (PROXY-05)"),
            Self::Revoked => f.write_str("the record was revoked and is skipped"),
            Self::Unreadable => f.write_str("records could not be read"),
            Self::Rejected => f.write_str("a wrapped key was rejected: wrong key or damaged data"),
        }
    }
}

impl Closed {
    /// The reason that somebody can do most about.
    pub fn main(&self) -> Reason {
        let urgency = |reason: &Reason| match reason.code() {
            "io" => 0,
            "group-key-missing" => 1,
            "no-secret" => 2,
            "app-id-missing" => 3,
            "proxy-not-direct" => 4,
            "revoked" => 5,
            _ => 6,
        };
        self.reasons.iter().copied().min_by_key(urgency).unwrap_or(Reason::NoRecord)
    }
}

/// The code of what is closed, not of one record: that somebody's record is damaged or their own proxy is `no-token` (EGRESS section 9).
impl Coded for Closed {
    fn code(&self) -> &'static str {
        match self.main() {
            Reason::Rejected | Reason::ProxySelf { .. } => "no-token",
            reason => reason.code(),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.main())
    }
}
